"""Clinicians: found by e-mail or external id inside one organization, created when first seen."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.engine import Reading
from app.db.tables import users


@dataclass(frozen=True, slots=True)
class Clinician:
    """Whom a request speaks for; without e-mail and external id it is the organization's own default clinician."""

    organization_id: UUID
    email: str | None = None
    external_id: str | None = None
    name: str | None = None

    def keys(self) -> dict[str, Any]:
        """What tells the clinician from others, by column name; e-mail or external id is always there."""
        external_id = self.external_id or (None if self.email else "default")
        return {"organization_id": self.organization_id, "email": self.email, "external_id": external_id}


def _user_id() -> Select[tuple[UUID]]:
    """The id of the clinician's row, if there is one; where the two keys name two rows, the external id's."""
    # Both sides in the database's own lower case, which the unique index goes by: Python's differs from it.
    same_email = func.lower(users.c.email) == func.lower(bindparam("email", type_=Text))
    named = users.c.external_id == bindparam("external_id", type_=Text)
    same = (users.c.organization_id == bindparam("organization_id")) & or_(same_email, named)
    return select(users.c.id).where(same).order_by(named.desc().nulls_last()).limit(1)


# Takes a clinician's `keys`; of these a missing one is NULL, which is like nothing.
USER_ID = _user_id()
_NEW_USER = insert(users).on_conflict_do_nothing().returning(users.c.id)


async def find_user(session: Reading, clinician: Clinician) -> UUID | None:
    """The id of the clinician's row, None for a newcomer."""
    found: UUID | None = await session.scalar(USER_ID, clinician.keys())
    return found


async def find_or_create_user(session: AsyncConnection, clinician: Clinician) -> UUID:
    """The id of the clinician's row, made if missing; safe when two requests bring the same newcomer at once."""
    created = await session.scalar(_NEW_USER, {**clinician.keys(), "name": clinician.name})
    if created is not None:
        return UUID(str(created))
    found = await find_user(session, clinician)
    if found is None:
        raise LookupError("a user that conflicts with a new one can be neither created nor found")
    return found

"""Clinicians: found by e-mail or external id inside one organization, created when first seen."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables import users


@dataclass(frozen=True, slots=True)
class Clinician:
    """Whom a request speaks for; without e-mail and external id it is the organization's own default clinician."""

    organization_id: UUID
    email: str | None = None
    external_id: str | None = None
    name: str | None = None

    def keys(self) -> tuple[str | None, str | None]:
        """E-mail and external id; one of them is always there."""
        return self.email, self.external_id or (None if self.email else "default")


def is_clinician(clinician: Clinician) -> ColumnElement[bool]:
    """The condition that a row of `users` is this clinician."""
    email, external_id = clinician.keys()
    same = []
    if email:
        # Both sides in the database's own lower case, which the unique index goes by: Python's differs from it.
        same.append(func.lower(users.c.email) == func.lower(email))
    if external_id:
        same.append(users.c.external_id == external_id)
    return (users.c.organization_id == clinician.organization_id) & or_(*same)


def user_id_of(clinician: Clinician) -> Select[tuple[UUID]]:
    """Selects the id of the clinician's row, if there is one; where the two keys name two rows, the external id's."""
    _, external_id = clinician.keys()
    named = (users.c.external_id == external_id).desc().nulls_last()
    return select(users.c.id).where(is_clinician(clinician)).order_by(named).limit(1)


async def find_user(session: AsyncConnection, clinician: Clinician) -> UUID | None:
    """The id of the clinician's row, None for a newcomer."""
    found: UUID | None = await session.scalar(user_id_of(clinician))
    return found


async def find_or_create_user(session: AsyncConnection, clinician: Clinician) -> UUID:
    """The id of the clinician's row, made if missing; safe when two requests bring the same newcomer at once."""
    _, external_id = clinician.keys()
    new = insert(users).values(
        organization_id=clinician.organization_id,
        email=clinician.email,
        external_id=external_id,
        name=clinician.name,
    )
    created = await session.scalar(new.on_conflict_do_nothing().returning(users.c.id))
    if created is not None:
        return UUID(str(created))
    found = await find_user(session, clinician)
    if found is None:
        raise LookupError("a user that conflicts with a new one can be neither created nor found")
    return found

"""Standard operating procedures: a clinic's own instructions, each owned by one clinician."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, any_, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.caller import Caller
from app.db.engine import Reading
from app.db.pages import fetch_page
from app.db.rows import AnyRow
from app.db.tables import sops
from app.db.users import USER_ID, Clinician


def _within_reach(caller: Caller) -> Select[*tuple[Any, ...]]:
    return select(sops).where(caller.may_reach(sops))


_ACTIVE = select(sops).where(sops.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))), sops.c.is_active)
_ACTIVE_OF_ID = _ACTIVE.where(sops.c.user_id == bindparam("owner"))
_ACTIVE_OF_KEYS = _ACTIVE.where(sops.c.user_id == USER_ID.scalar_subquery())


async def fetch_active(session: Reading, owner: UUID | Clinician, ids: Sequence[UUID]) -> list[AnyRow]:
    """The owner's active SOPs among `ids`, in the order asked for; one that is missing is simply not there."""
    if isinstance(owner, UUID):
        found = await session.execute(_ACTIVE_OF_ID, {"ids": ids, "owner": owner})
    else:
        found = await session.execute(_ACTIVE_OF_KEYS, {"ids": ids, **owner.keys()})
    return sorted(found.all(), key=lambda row: ids.index(row.id))


async def find_sop(session: AsyncConnection, caller: Caller, sop_id: UUID) -> AnyRow | None:
    return (await session.execute(_within_reach(caller).where(sops.c.id == sop_id))).one_or_none()


async def list_sops(
    session: AsyncConnection, caller: Caller, is_active: bool | None, cursor: UUID | None, limit: int
) -> tuple[Sequence[AnyRow], UUID | None]:
    query = _within_reach(caller)
    if is_active is not None:
        query = query.where(sops.c.is_active == is_active)
    return await fetch_page(session, query, sops, cursor, limit)


async def create_sop(session: AsyncConnection, values: dict[str, Any]) -> AnyRow:
    created: AnyRow = (await session.execute(insert(sops).values(values).returning(sops))).one()
    return created


async def update_sop(session: AsyncConnection, caller: Caller, sop_id: UUID, values: dict[str, Any]) -> AnyRow | None:
    change = update(sops).where(sops.c.id == sop_id, caller.may_reach(sops)).values(values).returning(sops)
    changed: AnyRow | None = (await session.execute(change)).one_or_none()
    return changed


async def delete_sop(session: AsyncConnection, caller: Caller, sop_id: UUID) -> bool:
    gone = delete(sops).where(sops.c.id == sop_id, caller.may_reach(sops)).returning(sops.c.id)
    return (await session.execute(gone)).one_or_none() is not None

"""Idempotency keys: which request of a caller has which run, who is at work on it, and until when that holds."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.rows import AnyRow
from app.db.tables import extractions, idempotency_keys


@dataclass(frozen=True, slots=True)
class Key:
    """What a client calls one request, within its organization and its own credentials."""

    organization_id: UUID
    actor: str
    name: str

    def is_row(self) -> ColumnElement[bool]:
        table = idempotency_keys.c
        return and_(table.organization_id == self.organization_id, table.actor == self.actor, table.name == self.name)


@dataclass(frozen=True, slots=True)
class Claimed:
    """What came of a claim: `ours`, `other_body`, `busy` for another `seconds`, or `done` as the run `run_id`.

    When it is ours, `run_id` is the run that a dead owner left unfinished, if there is one.
    """

    kind: Literal["ours", "other_body", "busy", "done"]
    run_id: UUID | None = None
    seconds: float = 0.0


async def claim(
    session: AsyncConnection, key: Key, fingerprint: str, owner: UUID, lease_s: float, ttl_s: float
) -> Claimed:
    """Takes the key for `owner` if nobody alive has it."""
    own = {"fingerprint": fingerprint, "owner": owner, "lease_until": func.now() + timedelta(seconds=lease_s)}
    new = insert(idempotency_keys).values(organization_id=key.organization_id, actor=key.actor, name=key.name, **own)
    if await session.scalar(new.on_conflict_do_nothing().returning(idempotency_keys.c.name)):
        return Claimed("ours")
    row = await _found(session, key, ttl_s)
    if row is None:  # given up in this very moment
        return Claimed("busy", seconds=1.0)
    if not row.is_expired:
        if row.fingerprint != fingerprint:
            return Claimed("other_body")
        if row.state == "succeeded":
            return Claimed("done", row.extraction_id)
        if row.left_s > 0 and row.owner != owner:
            return Claimed("busy", seconds=float(row.left_s))
    taken = update(idempotency_keys).where(key.is_row())
    await session.execute(taken.values(**own, extraction_id=None, created_at=func.now()))
    return Claimed("ours", row.extraction_id if row.state == "running" else None)


async def _found(session: AsyncConnection, key: Key, ttl_s: float) -> AnyRow | None:
    table = idempotency_keys.c
    query = (
        select(
            table.fingerprint,
            table.owner,
            table.extraction_id,
            extractions.c.state,
            func.extract("epoch", table.lease_until - func.now()).label("left_s"),
            (table.created_at < func.now() - timedelta(seconds=ttl_s)).label("is_expired"),
        )
        .select_from(idempotency_keys.outerjoin(extractions, extractions.c.id == table.extraction_id))
        .where(key.is_row())
    )
    return (await session.execute(query.with_for_update(of=idempotency_keys))).one_or_none()


async def link_run(session: AsyncConnection, key: Key, owner: UUID, run_id: UUID) -> bool:
    """Whether the key was still the owner's; then it stands for that run."""
    linked = update(idempotency_keys).where(key.is_row(), idempotency_keys.c.owner == owner)
    found = await session.scalar(linked.values(extraction_id=run_id).returning(idempotency_keys.c.name))
    return found is not None


async def release(session: AsyncConnection, key: Key, owner: UUID) -> None:
    """The request failed: the key is free for another try."""
    await session.execute(delete(idempotency_keys).where(key.is_row(), idempotency_keys.c.owner == owner))


async def renew(session: AsyncConnection, keys: list[Key], owner: UUID, lease_s: float) -> None:
    """The owner is still at work on these; a session across organizations."""
    held = update(idempotency_keys).where(idempotency_keys.c.owner == owner, or_(*(key.is_row() for key in keys)))
    await session.execute(held.values(lease_until=func.now() + timedelta(seconds=lease_s)))


async def delete_expired(session: AsyncConnection, ttl_s: float) -> int:
    """How many were older than that and are gone."""
    old = delete(idempotency_keys).where(idempotency_keys.c.created_at < func.now() - timedelta(seconds=ttl_s))
    gone: Any = await session.execute(old)
    return int(gone.rowcount)

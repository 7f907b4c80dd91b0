"""Who did what to which record: entries are written beside the work, then chained by hash and never changed again."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, Uuid, any_, bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from app.db.caller import Caller
from app.db.rows import AnyRow, columns
from app.db.tables import audit_events, audit_pending

Action = Literal["create", "read", "correct", "export", "delete", "refused"]
# One process seals at a time; no request waits for it.
_SEAL_LOCK = 7_620_252
_SEALED_AT_ONCE = 2000
_FIRST = bytes(32)


_NEW_ENTRY = insert(audit_pending)


async def record(session: AsyncConnection, caller: Caller, action: Action, kind: str, record_id: UUID | None) -> None:
    """Writes one entry in the session's own transaction: it is kept exactly if the work is.

    `kind` is the name of the record's table.
    """
    await session.execute(_NEW_ENTRY, entry(caller, action, kind, record_id))


def entry(caller: Caller, action: Action, kind: str, record_id: UUID | None) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "at": datetime.now(UTC),
        "organization_id": caller.organization_id,
        "actor": caller.actor,
        "role": caller.role,
        "action": action,
        "kind": kind,
        "record_id": record_id,
    }


# With the ids as one value, so that the statement is the same for any number of them.
_ALREADY_SEALED = select(audit_events.c.id).where(audit_events.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
_DELETE_PENDING = delete(audit_pending).where(audit_pending.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))


async def seal(session: AsyncConnection) -> int:
    """Moves what has been committed to the ends of the organizations' chains; how many entries that were."""
    await session.execute(select(func.pg_advisory_xact_lock(_SEAL_LOCK)))
    oldest = select(audit_pending).order_by(audit_pending.c.id).limit(_SEALED_AT_ONCE)
    arrived = [columns(row) for row in (await session.execute(oldest)).all()]
    if not arrived:
        return 0
    # Written twice, where a batch was committed and its writer never heard of that.
    known = set(await session.scalars(_ALREADY_SEALED, {"ids": [event["id"] for event in arrived]}))
    sealed: list[dict[str, Any]] = []
    for organization_id in {event["organization_id"] for event in arrived if event["id"] not in known}:
        own = [event for event in arrived if event["organization_id"] == organization_id and event["id"] not in known]
        sealed += _chained(own, *await _head(session, organization_id))
    if sealed:
        await session.execute(insert(audit_events), sealed)
    await session.execute(_DELETE_PENDING, {"ids": [event["id"] for event in arrived]})
    return len(sealed)


async def _head(session: AsyncConnection, organization_id: UUID) -> tuple[int, bytes]:
    own = select(audit_events.c.number, audit_events.c.hash).where(audit_events.c.organization_id == organization_id)
    last = (await session.execute(own.order_by(audit_events.c.number.desc()).limit(1))).one_or_none()
    return (last.number, last.hash) if last else (0, _FIRST)


def _chained(events: Iterable[dict[str, Any]], number: int, previous: bytes) -> list[dict[str, Any]]:
    chained = []
    for place, event in enumerate(events, number + 1):
        previous = _hash(previous, event | {"number": place})
        chained.append(event | {"number": place, "hash": previous})
    return chained


def _hash(previous: bytes, event: Mapping[str, Any]) -> bytes:
    """SHA-256 over the previous hash and the event's content as a JSON list."""
    names = ("number", "id", "organization_id", "actor", "role", "action", "kind", "record_id")
    content = [event["at"].astimezone(UTC).isoformat(), *(event[name] for name in names)]
    return hashlib.sha256(previous + orjson.dumps(content, default=str)).digest()


@dataclass(frozen=True, slots=True)
class Chain:
    """What a look at one organization's chain found; `broken_at` is the number of the first entry that does not fit."""

    organization_id: UUID
    entries: int
    head: str
    broken_at: int | None


async def verify(session: AsyncConnection, organization_id: UUID) -> Chain:
    """Recomputes the chain from its first entry: one changed, left out, put in or moved breaks it."""
    number, previous = 0, _FIRST
    own = select(audit_events).where(audit_events.c.organization_id == organization_id).order_by(audit_events.c.number)
    async for event in await session.stream(own.execution_options(yield_per=1000)):
        if event.number != number + 1 or event.hash != _hash(previous, columns(event)):
            return Chain(organization_id, number, previous.hex(), number + 1)
        number, previous = event.number, event.hash
    return Chain(organization_id, number, previous.hex(), None)


async def chained_organizations(session: AsyncConnection) -> list[UUID]:
    """All that have entries, whether or not they still exist."""
    return list(await session.scalars(select(audit_events.c.organization_id).distinct()))


async def newest(
    session: AsyncConnection, organization_id: UUID, record_id: UUID | None, limit: int
) -> Sequence[AnyRow]:
    """An organization's last sealed entries, newest first; with `record_id`, those of one record."""
    query = select(audit_events).where(audit_events.c.organization_id == organization_id)
    if record_id is not None:
        query = query.where(audit_events.c.record_id == record_id)
    return (await session.execute(query.order_by(audit_events.c.number.desc()).limit(limit))).all()

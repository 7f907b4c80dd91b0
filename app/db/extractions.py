"""Runs: one row for each time a transcript was extracted from, with its outcome, review and timings."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db import audit
from app.db.caller import Caller
from app.db.engine import Changing
from app.db.naming import NAMED, naming
from app.db.pages import fetch_page
from app.db.rows import AnyRow
from app.db.run_summaries import run_summaries
from app.db.statements import insert_named, named
from app.db.tables import audit_pending, extractions, transcripts

_ENTRY = ("id", "at", "organization_id", "actor", "role", "action", "kind", "record_id")
_TRANSCRIPT = ("id", "organization_id", "user_id", "text", "notes", "content_hash", "visit_date")
_RUN = ("id", "organization_id", "user_id", "transcript_id", "request", "created_at")
_RUN_AGAIN = insert_named(extractions, "run", *_RUN).add_cte(
    insert_named(audit_pending, "run_entry", *_ENTRY).cte("audited_run")
)
_RUN_ON_NEW_TRANSCRIPT = _RUN_AGAIN.add_cte(
    insert_named(transcripts, "transcript", *_TRANSCRIPT).cte("new_transcript"),
    insert_named(audit_pending, "transcript_entry", *_ENTRY).cte("audited_transcript"),
)


async def open_run(session: Changing, caller: Caller, run: dict[str, Any], transcript: dict[str, Any] | None) -> None:
    """Writes the run's row, its transcript's if that is new, and their audit entries, in one statement."""
    values = named("run", run) | named("run_entry", audit.entry(caller, "create", "extractions", run["id"]))
    values |= naming(run["organization_id"])
    if transcript is None:
        await session.execute(_RUN_AGAIN, values)
        return
    entry = audit.entry(caller, "create", "transcripts", transcript["id"])
    values |= named("transcript", transcript) | named("transcript_entry", entry)
    await session.execute(_RUN_ON_NEW_TRANSCRIPT, values)


_OF_RUN = update(extractions).where(extractions.c.id == bindparam("run_id"))
_OUTCOME = ("model", "result", "evaluation", "review", "context", "degraded", "usage", "timings", "vectors_due_at")
_SUCCEEDED = {"state": "succeeded", "problem": None}
_SAVE_RESULT = (
    _OF_RUN.where(NAMED)
    .values(_SUCCEEDED | {name: bindparam(f"outcome_{name}") for name in _OUTCOME})
    .returning(extractions.c.id)
)


async def save_result(session: Changing, organization_id: UUID, run_id: UUID, outcome: dict[str, Any]) -> bool:
    """Whether the run was found. Also over a failure, which an earlier try to save may have left."""
    values = {"run_id": run_id, **named("outcome", outcome), **naming(organization_id)}
    return (await session.execute(_SAVE_RESULT, values)).scalar() is not None


async def save_failure(
    session: AsyncConnection, run_id: UUID, problem: dict[str, Any], timings: dict[str, Any] | None
) -> None:
    await session.execute(_OF_RUN, {"run_id": run_id, "state": "failed", "problem": problem, "timings": timings})


async def read_run(session: AsyncConnection, run_id: UUID) -> AnyRow:
    """A run that is known to be there, of the session's organization."""
    return (await session.execute(select(extractions).where(extractions.c.id == run_id))).one()


async def is_stored(session: AsyncConnection, run_id: UUID) -> bool:
    return await session.scalar(select(extractions.c.id).where(extractions.c.id == run_id)) is not None


async def save_degraded(session: AsyncConnection, run_id: UUID, degraded: Sequence[str]) -> None:
    """What the run went without, its vectors among it."""
    missing = {"degraded": list(degraded), "vectors_due_at": datetime.now(UTC)}
    await session.execute(_OF_RUN, {"run_id": run_id, **missing})


async def save_timings(session: AsyncConnection, timings: Sequence[tuple[UUID, dict[str, Any]]]) -> None:
    """The whole timings of finished runs, many at once."""
    await session.execute(_OF_RUN, [{"run_id": run_id, "timings": whole} for run_id, whole in timings])


async def list_extractions(
    session: AsyncConnection,
    caller: Caller,
    filters: Mapping[str, str | date | UUID | None],
    cursor: UUID | None,
    limit: int,
    *,
    whole: bool = True,
) -> tuple[Sequence[AnyRow], UUID | None]:
    """A page of runs, or of what a list shows of them.

    `filters` may name `state`, `review`, `confidence`, `user_id`, `transcript_id`, `since` and `until`.
    """
    query = (select(extractions) if whole else run_summaries()).where(caller.may_reach(extractions))
    conditions: dict[str, Callable[[Any], ColumnElement[bool]]] = {
        "state": lambda value: extractions.c.state == value,
        "review": lambda value: extractions.c.review["status"].astext == value,
        "confidence": lambda value: extractions.c.evaluation["confidence"].astext == value,
        "user_id": lambda value: extractions.c.user_id == value,
        "transcript_id": lambda value: extractions.c.transcript_id == value,
        "since": lambda value: extractions.c.created_at >= _midnight(value),
        # Added up by the database, whose calendar goes on after the year 9999.
        "until": lambda value: extractions.c.created_at < literal(_midnight(value)) + timedelta(days=1),
    }
    for name, value in filters.items():
        if value is not None:
            query = query.where(conditions[name](value))
    return await fetch_page(session, query, extractions, cursor, limit)


def _midnight(day: Any) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)

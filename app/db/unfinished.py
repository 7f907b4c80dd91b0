"""What a crash or an outage left behind: runs that nobody works on, and runs whose vectors are still to be made."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.rows import AnyRow
from app.db.tables import embeddings, extractions, transcripts

_AT_ONCE = 500


async def fail_stale_runs(session: AsyncConnection, older_than_s: float, problem: dict[str, Any]) -> Sequence[UUID]:
    """The ids of the runs marked as failed; rows that another process has in hand are left to it."""
    stale = select(extractions.c.id).where(
        extractions.c.state == "running", extractions.c.created_at < func.now() - timedelta(seconds=older_than_s)
    )
    chosen = stale.limit(_AT_ONCE).with_for_update(skip_locked=True)
    failed = update(extractions).where(extractions.c.id.in_(chosen.scalar_subquery()))
    return (await session.scalars(failed.values(state="failed", problem=problem).returning(extractions.c.id))).all()


async def claim_runs_without_vectors(session: AsyncConnection, for_s: float, limit: int) -> Sequence[AnyRow]:
    """`(id, organization_id)` of runs whose vectors are due; they are due again after `for_s` unless made by then."""
    due = select(extractions.c.id).where(extractions.c.vectors_due_at < func.now())
    chosen = due.order_by(extractions.c.vectors_due_at).limit(limit).with_for_update(skip_locked=True)
    claimed = update(extractions).where(extractions.c.id.in_(chosen.scalar_subquery()))
    claimed = claimed.values(vectors_due_at=func.now() + timedelta(seconds=for_s))
    return (await session.execute(claimed.returning(extractions.c.id, extractions.c.organization_id))).all()


async def find_without_vectors(session: AsyncConnection, run_id: UUID, model: str) -> AnyRow | None:
    """The run, its transcript's text, and the kinds of vector that it has of that model."""
    kinds = select(func.array_agg(embeddings.c.kind)).where(
        embeddings.c.extraction_id == run_id, embeddings.c.model == model
    )
    run = select(
        extractions.c.id,
        extractions.c.user_id,
        extractions.c.transcript_id,
        extractions.c.result,
        transcripts.c.text,
        func.coalesce(kinds.scalar_subquery(), []).label("kinds"),
    ).join(transcripts, transcripts.c.id == extractions.c.transcript_id)
    return (await session.execute(run.where(extractions.c.id == run_id))).one_or_none()


async def note_vectors_made(session: AsyncConnection, run_id: UUID) -> None:
    """What the run went without is there now."""
    made = update(extractions).where(extractions.c.id == run_id)
    await session.execute(made.values(vectors_due_at=None, degraded=extractions.c.degraded.op("-")("embedding")))

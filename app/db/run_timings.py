"""How long runs took and what they cost, over a window and over time; nothing of it tells what was said."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.caller import Caller
from app.db.rows import AnyRow
from app.db.tables import extractions

_RECENT = """
asked AS (
    SELECT now() - make_interval(secs => CAST(:window_s AS float)) AS since, CAST(:buckets AS int) AS buckets,
           CAST(:window_s AS float) / CAST(:buckets AS int) AS bucket_s
), recent AS (
    SELECT id, created_at, state, problem->>'type' AS problem, degraded, usage, timings,
           least(buckets, 1 + floor(extract(epoch FROM created_at - since) / bucket_s))::int AS bucket
    FROM extractions, asked WHERE organization_id = :organization_id AND created_at >= since
), durations AS (
    SELECT bucket, 'total' AS phase, (timings->>'total_ms')::float AS ms FROM recent WHERE timings IS NOT NULL
    UNION ALL
    SELECT bucket, p.key, (p.value->>'ms')::float FROM recent, jsonb_each(timings->'phases') p
)
"""
_PHASES = text(
    f"""
    WITH {_RECENT}
    SELECT bucket, phase, count(*) AS runs, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS p50_ms,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY ms) AS p95_ms, max(ms) AS max_ms
    FROM durations GROUP BY bucket, phase
    """  # noqa: S608 - our own text
)
_COUNTS = text(
    f"""
    WITH {_RECENT}, degraded AS (
        SELECT bucket, jsonb_object_agg(what, runs) AS degraded FROM (
            SELECT bucket, what, count(*) AS runs FROM recent, jsonb_array_elements_text(degraded) what GROUP BY 1, 2
        ) counted GROUP BY bucket
    ), problems AS (
        SELECT bucket, jsonb_object_agg(problem, runs) AS problems FROM (
            SELECT bucket, problem, count(*) AS runs FROM recent WHERE problem IS NOT NULL GROUP BY 1, 2
        ) counted GROUP BY bucket
    )
    SELECT bucket, count(*) AS runs, count(*) FILTER (WHERE state = 'failed') AS failed,
           coalesce(sum((usage->>'prompt_tokens')::bigint), 0)::bigint AS prompt_tokens,
           coalesce(sum((usage->>'completion_tokens')::bigint), 0)::bigint AS completion_tokens,
           coalesce(sum((usage->>'embedding_tokens')::bigint), 0)::bigint AS embedding_tokens,
           (SELECT d.degraded FROM degraded d WHERE d.bucket = recent.bucket) AS degraded,
           (SELECT p.problems FROM problems p WHERE p.bucket = recent.bucket) AS problems
    FROM recent GROUP BY bucket
    """  # noqa: S608
)
_SLOWEST = text(
    f"""
    WITH {_RECENT}
    SELECT id, created_at, state, (timings->>'total_ms')::float AS total_ms FROM recent
    WHERE timings IS NOT NULL ORDER BY total_ms DESC LIMIT 10
    """  # noqa: S608
)


async def phase_statistics(
    session: AsyncConnection, organization_id: UUID, window_s: int, buckets: int = 1
) -> Sequence[AnyRow]:
    """`(bucket, phase, runs, p50_ms, p95_ms, max_ms)` over the runs of the last `window_s` seconds, finished or failed.

    The buckets are equal parts of the window, numbered from 1, the oldest first; one without runs is not there.
    """
    return await _rows(session, _PHASES, organization_id, window_s, buckets)


async def run_counts(session: AsyncConnection, organization_id: UUID, window_s: int, buckets: int) -> Sequence[AnyRow]:
    """`(bucket, runs, failed, …_tokens, degraded, problems)`; the last two count by code, null where there are none."""
    return await _rows(session, _COUNTS, organization_id, window_s, buckets)


async def slowest_runs(session: AsyncConnection, organization_id: UUID, window_s: int) -> Sequence[AnyRow]:
    """`(id, created_at, state, total_ms)` of the ten slowest runs of the window, slowest first."""
    return await _rows(session, _SLOWEST, organization_id, window_s, 1)


async def find_timings(session: AsyncConnection, caller: Caller, run_id: UUID) -> AnyRow | None:
    """One run's timings, with what explains them."""
    run = extractions.c
    shown = (run.id, run.created_at, run.state, run.model, run.degraded, run.usage, run.timings, run.problem)
    query = select(*shown).where(run.id == run_id, caller.may_reach(extractions))
    return (await session.execute(query)).one_or_none()


async def _rows(
    session: AsyncConnection, query: Any, organization_id: UUID, window_s: int, buckets: int
) -> Sequence[AnyRow]:
    values = {"organization_id": organization_id, "window_s": window_s, "buckets": buckets}
    return (await session.execute(query, values)).all()

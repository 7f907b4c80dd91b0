"""For operators: phase statistics, Prometheus metrics, and the probes; none of it holds patient data."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from app.api.access import OperatorDep, PartsDep
from app.api.bodies import TimingsReport
from app.api.documented import ACCESS, READ, problems
from app.api.list_bodies import RunTimings, TimingsHistory
from app.db.rows import AnyRow, columns
from app.db.run_timings import find_timings, phase_statistics, run_counts, slowest_runs
from app.errors import NotFound, Stopping
from app.timings import PHASES

router = APIRouter(tags=["operations"])
Window = Annotated[int, Query(ge=1, le=31 * 86400)]
_TOKENS = ("prompt_tokens", "completion_tokens", "embedding_tokens")
_NOTHING: dict[str, Any] = {"runs": 0, "failed": 0, "degraded": {}, "problems": {}, **dict.fromkeys(_TOKENS, 0)}
_EXPOSITION: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
    **problems(*ACCESS),
}


@router.get("/timings", response_model=TimingsReport, responses=problems(*READ))
async def get_timings(parts: PartsDep, caller: OperatorDep, window_s: Window = 86400) -> dict[str, Any]:
    """p50, p95 and maximum of each phase over the stored runs of the last `window_s` seconds."""
    await parts.timings_log.flush()
    async with parts.db.read(caller.organization_id) as session:
        rows = await phase_statistics(session, caller.organization_id, window_s)
    return {"window_s": window_s, "phases": _in_order(rows)}


@router.get("/timings/history", response_model=TimingsHistory, responses=problems(*READ))
async def get_timings_history(
    parts: PartsDep,
    caller: OperatorDep,
    window_s: Window = 86400,
    buckets: Annotated[int, Query(ge=1, le=200)] = 24,
) -> dict[str, Any]:
    """The same over time, with throughput, failures, what answers went without, tokens, and the slowest runs."""
    await parts.timings_log.flush()
    async with parts.db.read(caller.organization_id) as session:
        phases = await phase_statistics(session, caller.organization_id, window_s, buckets)
        counts = await run_counts(session, caller.organization_id, window_s, buckets)
        slowest = await slowest_runs(session, caller.organization_id, window_s)
    return {
        "window_s": window_s,
        "bucket_s": window_s / buckets,
        "buckets": _over_time(window_s / buckets, buckets, phases, counts),
        "slowest": [columns(row) for row in slowest],
    }


@router.get("/timings/{extraction_id}", response_model=RunTimings, responses=problems(404, *READ))
async def get_run_timings(extraction_id: UUID, parts: PartsDep, caller: OperatorDep) -> dict[str, Any]:
    """When each phase of one run began and how long it took."""
    await parts.timings_log.flush()
    async with parts.db.read(caller.organization_id) as session:
        row = await find_timings(session, caller, extraction_id)
    if row is None:
        raise NotFound("There is no extraction under that id.")
    return {**columns(row), "degraded": row.degraded or []}


def _over_time(
    bucket_s: float, buckets: int, phases: Sequence[AnyRow], counts: Sequence[AnyRow]
) -> list[dict[str, Any]]:
    """All buckets, also those in which nothing happened."""
    counted = {row.bucket: columns(row) for row in counts}
    now = datetime.now(UTC)
    return [
        {
            **_NOTHING,
            **{name: value for name, value in counted.get(bucket, {}).items() if value is not None},
            "start": now - timedelta(seconds=bucket_s * (buckets - bucket + 1)),
            "phases": _in_order([row for row in phases if row.bucket == bucket]),
        }
        for bucket in range(1, buckets + 1)
    ]


def _in_order(rows: Sequence[AnyRow]) -> list[dict[str, Any]]:
    order = {name: place for place, name in enumerate((*PHASES, "total"))}
    return [columns(row) for row in sorted(rows, key=lambda row: order.get(row.phase, len(order)))]


@router.get("/metrics", response_class=Response, responses=_EXPOSITION)
async def get_metrics(parts: PartsDep, caller: OperatorDep) -> Response:
    """Prometheus text format."""
    return Response(parts.metrics.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/livez", status_code=204, response_class=Response)
async def get_livez() -> None:
    """The process runs and its event loop turns."""


@router.get("/readyz", status_code=204, response_class=Response, responses=problems(503))
async def get_readyz(request: Request, parts: PartsDep) -> None:
    """The database answers; 503 while it does not, and once the service has been told to stop."""
    if request.app.state.ongoing.is_stopping:
        raise Stopping(retry_after_s=1)
    await parts.db.ping()

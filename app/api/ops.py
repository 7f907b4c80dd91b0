"""For operators: phase statistics, Prometheus metrics, and the probes; none of it holds patient data."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.api.access import CallerDep, PartsDep
from app.api.bodies import TimingsReport
from app.api.documented import READ, problems
from app.db.extractions import phase_statistics
from app.db.rows import columns
from app.errors import Stopping
from app.timings import PHASES

router = APIRouter(tags=["operations"])
_EXPOSITION: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


@router.get("/timings", response_model=TimingsReport, responses=problems(*READ))
async def get_timings(
    parts: PartsDep, caller: CallerDep, window_s: Annotated[int, Query(ge=1, le=31 * 86400)] = 86400
) -> dict[str, Any]:
    """p50, p95 and maximum of each phase over the stored runs of the last `window_s` seconds."""
    await parts.timings_log.flush()
    async with parts.db.read(caller.organization_id) as session:
        rows = await phase_statistics(session, caller.organization_id, window_s)
    order = {name: place for place, name in enumerate((*PHASES, "total"))}
    ordered = sorted(rows, key=lambda row: order.get(row.phase, len(order)))
    return {"window_s": window_s, "phases": [columns(row) for row in ordered]}


@router.get("/metrics", response_class=Response, responses=_EXPOSITION)
async def get_metrics(parts: PartsDep) -> Response:
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

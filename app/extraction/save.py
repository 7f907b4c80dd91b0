"""Phase `save`: the result and the vectors, in parallel; a paid answer is not given up while there is time."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from pgvector import HalfVector
from uuid_utils.compat import uuid7

from app.db import embeddings, extractions
from app.db.engine import Database
from app.db.retried import retried_once
from app.errors import Problem
from app.extraction.open_run import Run
from app.extraction.together import together
from app.timings import Timings

PAUSE_S = 0.25
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Paid:
    """What a finished run is to store: `outcome` is its row as `save_result` takes it; up to one vector a kind."""

    run: Run
    outcome: dict[str, Any]
    vectors: dict[str, HalfVector]
    timings: Timings


async def save(db: Database, paid: Paid, model: str, deadline: float) -> bool:
    """Whether the vectors were saved too. Raises a storage problem when the result could not be, until the deadline.

    `model` is the one that made the vectors.
    """
    run, timings = paid.run, paid.timings
    rows = [_row(run, kind, vector, model) for kind, vector in paid.vectors.items()]

    async def save_result() -> None:
        with timings.phase("save_result"):
            await _until(deadline, lambda: _write_result(db, run, paid.outcome | {"timings": timings.as_dict()}))

    async def save_embeddings() -> bool:
        with timings.phase("save_embeddings"):
            saved = await _write_vectors(db, run, rows)
        if saved:
            paid.vectors.clear()  # if the result has to be saved again, these have not
        return saved

    _, saved = await together(save_result(), save_embeddings())
    return saved


async def _until(deadline: float, attempt: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            return await attempt()
        except Problem as problem:
            if not problem.retryable or asyncio.get_running_loop().time() + PAUSE_S >= deadline:
                raise
            log.error("save_retry", phase="save_result", problem=problem.slug)
            await asyncio.sleep(PAUSE_S)


async def _write_result(db: Database, run: Run, outcome: dict[str, Any]) -> None:
    """A run that a lone statement does not find is looked for in a transaction, too: most likely it was erased."""
    organization_id = run.organization_id

    async def alone() -> bool:
        return await extractions.save_result(db.change(), organization_id, run.id, outcome)

    if not await retried_once(alone):
        async with db.write(organization_id) as session:
            await extractions.save_result(session, organization_id, run.id, outcome)


async def _write_vectors(db: Database, run: Run, rows: list[dict[str, Any]]) -> bool:
    """The result is what was paid for: vectors that cannot be saved now can be made again."""
    if not rows:
        return True
    try:
        await retried_once(lambda: embeddings.save_vectors(db.change(), run.organization_id, rows))
    except Problem as problem:
        log.warning("degraded", what="embedding", reason=type(problem).__name__)
        return False
    return True


def _row(run: Run, kind: str, vector: HalfVector, model: str) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "kind": kind,
        "user_id": run.user_id,
        "transcript_id": run.transcript_id,
        "extraction_id": run.id,
        "model": model,
        "vector": vector,
    }

"""Phase `save`: the result and the vectors, in parallel; a paid answer is not given up while there is time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from pgvector import HalfVector

from app.db import embeddings, extractions
from app.db.engine import Database
from app.errors import Problem
from app.extraction.open_run import Run
from app.extraction.together import together
from app.timings import Timings

PAUSE_S = 0.25
log = structlog.get_logger()


async def save(
    db: Database,
    run: Run,
    outcome: dict[str, Any],
    vectors: dict[str, HalfVector],
    model: str,
    timings: Timings,
    deadline: float,
) -> bool:
    """Whether the vectors were saved too. Raises a storage problem when the result could not be, until the deadline.

    `outcome` is the run's row as `save_result` takes it; `vectors` holds up to one vector of each kind.
    """

    async def save_result() -> None:
        with timings.phase("save_result"):
            await _until(deadline, lambda: _write_result(db, run, outcome | {"timings": timings.as_dict()}))

    async def save_embeddings() -> bool:
        with timings.phase("save_embeddings"):
            return await _write_vectors(db, run, [_row(run, kind, vector, model) for kind, vector in vectors.items()])

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
    async with db.write(run.organization_id) as session:
        await extractions.save_result(session, run.id, outcome)


async def _write_vectors(db: Database, run: Run, rows: list[dict[str, Any]]) -> bool:
    """The result is what was paid for: vectors that cannot be saved now can be made again."""
    if not rows:
        return True
    try:
        async with db.write(run.organization_id) as session:
            await embeddings.save_vectors(session, rows)
    except Problem as problem:
        log.warning("degraded", what="embedding", reason=type(problem).__name__)
        return False
    return True


def _row(run: Run, kind: str, vector: HalfVector, model: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "user_id": run.user_id,
        "transcript_id": run.transcript_id,
        "extraction_id": run.id,
        "model": model,
        "vector": vector,
    }

"""The sweep: from time to time looks for what a crash or an outage left behind, and puts it right."""

import asyncio
import random
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from app.db import embeddings, erasure, idempotency_keys, unfinished
from app.db.engine import Database
from app.db.rows import AnyRow
from app.errors import Problem, RunInterrupted
from app.extraction.embedding import Embedder
from app.extraction.erasure import erase_visits
from app.extraction.wording import in_words
from app.llm.client import InvalidOutput
from app.llm.retry import deadline_in
from app.settings import Settings

# Beyond the deadline, what a save or a note of a failure may still take.
_STALE_MARGIN_S = 60.0
# A run whose vectors could not be made is tried again after this; no other process takes it before.
_TRIED_AGAIN_S = 600.0
_VECTORS_AT_ONCE = 20
log = structlog.get_logger()


class Sweep:
    """Safe beside others: each row is claimed by the statement that finds it, and left by those that skip it."""

    def __init__(self, db: Database, embedder: Embedder, settings: Settings) -> None:
        self._db, self._embedder, self._settings = db, embedder, settings
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def once(self) -> None:
        """Raises a storage problem; a provider that fails only leaves vectors for later."""
        async with self._db.across_organizations() as session:
            older_than_s = self._settings.request_deadline_s + _STALE_MARGIN_S
            stale = await unfinished.fail_stale_runs(session, older_than_s, RunInterrupted().body())
            await idempotency_keys.delete_expired(session, self._settings.idempotency_ttl_s)
            due = await unfinished.claim_runs_without_vectors(session, _TRIED_AGAIN_S, _VECTORS_AT_ONCE)
        if stale:
            log.warning("stale_runs_failed", runs=len(stale))
        for row in due:
            await self._make_vectors(row.id, row.organization_id)
        if self._settings.retention_days is not None:
            await self._erase_older_than(self._settings.retention_days)

    async def _go_on(self) -> None:
        """Not all replicas at the same moment, though they were started together."""
        while True:
            await asyncio.sleep(self._settings.sweep_every_s * random.uniform(0.8, 1.2))  # noqa: S311 - spreads load
            try:
                await self.once()
            except Problem as problem:
                log.warning("sweep_failed", problem=problem.slug)

    async def _erase_older_than(self, days: int) -> None:
        erased = await erase_visits(self._db, erasure.older_than(days), "retention")
        if erased.visits:
            log.info("visits_erased", visits=erased.visits)

    async def _make_vectors(self, run_id: UUID, organization_id: UUID) -> None:
        async with self._db.read(organization_id) as session:
            run = await unfinished.find_without_vectors(session, run_id, self._embedder.model)
        if run is None:  # erased meanwhile
            return
        try:
            rows = [await self._vector(run, organization_id, kind, text) for kind, text in _missing(run)]
        except (Problem, InvalidOutput) as reason:
            log.warning("vectors_not_made", extraction_id=str(run_id), reason=type(reason).__name__)
            return
        async with self._db.write(organization_id) as session:
            if rows:
                await embeddings.save_vectors(session, organization_id, rows)
            await unfinished.note_vectors_made(session, run_id)
        log.info("vectors_made", extraction_id=str(run_id), vectors=len(rows))

    async def _vector(self, run: AnyRow, organization_id: UUID, kind: str, text: str) -> dict[str, Any]:
        deadline = deadline_in(self._settings.request_deadline_s)
        embedded = await self._embedder.embed(organization_id, text, deadline, "sweep")
        return {
            "id": uuid7(),
            "kind": kind,
            "user_id": run.user_id,
            "transcript_id": run.transcript_id,
            "extraction_id": run.id,
            "model": self._embedder.model,
            "vector": embedded.vector,
        }


def _missing(run: AnyRow) -> list[tuple[str, str]]:
    """The kinds of vector that the run does not have, and of which text each is made."""
    texts = {embeddings.TRANSCRIPT: run.text, embeddings.EXTRACTION: in_words(run.result)}
    return [(kind, text) for kind, text in texts.items() if kind not in run.kinds]

"""Keeps the timings of finished requests and writes them in batches, off the way of any request."""

import asyncio
from typing import Any
from uuid import UUID

import structlog

from app.db import extractions
from app.db.engine import Database
from app.db.flushing import Flushed
from app.errors import Problem

# A database that is away must not grow the log without end; the oldest go first.
KEPT_AT_MOST = 10_000
log = structlog.get_logger()


class TimingsLog(Flushed):
    """The last phases of a request end after its row is saved, so its timings follow the row a moment later."""

    def __init__(self, db: Database) -> None:
        super().__init__()
        self._db = db
        self._waiting: dict[UUID, dict[str, Any]] = {}
        self._one_at_a_time = asyncio.Lock()

    def add(self, run_id: UUID, timings: dict[str, Any]) -> None:
        self._waiting[run_id] = timings
        if len(self._waiting) > KEPT_AT_MOST:
            self._waiting.pop(next(iter(self._waiting)))

    async def flush(self) -> None:
        """Writes what is waiting; on a database error it goes on waiting.

        A write under way is waited for: whoever asks wants to read what it writes.
        """
        async with self._one_at_a_time:
            await self._write()

    async def _write(self) -> None:
        batch, self._waiting = self._waiting, {}
        if not batch:
            return
        try:
            async with self._db.across_organizations() as session:
                await extractions.save_timings(session, list(batch.items()))
        except Problem as problem:
            self._waiting = batch | self._waiting
            log.warning("timings_not_saved", problem=problem.slug, runs=len(batch))

"""Keeps the audit entries of reads and refusals, writes them in batches off the way of any request, and seals."""

import asyncio
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.dialects.postgresql import insert

from app.db import audit
from app.db.caller import Caller
from app.db.engine import Database
from app.db.flushing import Flushed
from app.db.tables import audit_pending
from app.errors import Problem

# A database that is away must not grow this without end; without it nothing can be read either, only refused.
KEPT_AT_MOST = 50_000
log = structlog.get_logger()


class AuditLog(Flushed):
    """What changes a record is audited in its own transaction instead: see `app.db.audit.record`."""

    def __init__(self, db: Database) -> None:
        super().__init__()
        self._db = db
        self._waiting: list[dict[str, Any]] = []
        self._one_at_a_time = asyncio.Lock()

    def note(self, caller: Caller, action: audit.Action, kind: str, *record_ids: UUID) -> None:
        """One entry for each record, or one without an id; written within a second, lost only by a crash before."""
        self._waiting += [audit.entry(caller, action, kind, record_id) for record_id in record_ids or (None,)]

    async def flush(self) -> None:
        """Writes and seals what is waiting; on a database error it goes on waiting."""
        async with self._one_at_a_time:
            try:
                await self._write()
                async with self._db.across_organizations() as session:
                    await audit.seal(session)
            except Problem as problem:
                log.warning("audit_not_saved", problem=problem.slug, entries=len(self._waiting))
                self._drop_the_oldest()

    async def _write(self) -> None:
        batch, self._waiting = self._waiting, []
        if not batch:
            return
        try:
            async with self._db.across_organizations() as session:
                await session.execute(insert(audit_pending).on_conflict_do_nothing(), batch)
        except Problem:
            self._waiting = batch + self._waiting
            raise

    def _drop_the_oldest(self) -> None:
        dropped = len(self._waiting) - KEPT_AT_MOST
        if dropped > 0:
            del self._waiting[:dropped]
            log.error("audit_lost", entries=dropped)

"""Remembers vectors: in this process for the texts used last, and in the database for all replicas and restarts."""

import asyncio
from collections import OrderedDict
from time import monotonic
from typing import Literal
from uuid import UUID

import structlog
from pgvector import HalfVector

from app.db import arrivals, embedding_cache
from app.db.engine import Database
from app.errors import Problem
from app.language.fingerprint import Fingerprint, fingerprint_of, normalised
from app.metrics import Metrics
from app.settings import Settings

FLUSH_EVERY_S = 1.0
EVICT_EVERY_S = 300.0
EVICTED_AT_ONCE = 5_000
# New vectors that wait for the database; beyond it they are only kept in this process.
WAIT_AT_MOST = 2_000
LOOKUP_TIMEOUT_S = 1.0
Tier = Literal["memory", "table", "near", "miss"]
# A vector, and whether it is that of a text that only hardly differs.
Row = tuple[HalfVector, bool]
_Key = tuple[UUID, bytes]
log = structlog.get_logger()


class EmbeddingCache:
    """Never fails a request: what cannot be looked up is a miss, and what cannot be written is not kept.

    The organization is part of every key, so that nobody learns from the time an answer takes what another clinic has
    said. Bounded by entries in memory, by rows and age in the table.
    """

    def __init__(self, db: Database, settings: Settings, metrics: Metrics, model: str) -> None:
        self._db, self._settings, self._metrics, self._model = db, settings, metrics, model
        self._recent: OrderedDict[_Key, HalfVector] = OrderedDict()
        self._waiting: dict[_Key, tuple[Fingerprint, HalfVector]] = {}
        self._writer: asyncio.Task[None] | None = None

    async def find(self, organization_id: UUID, text: Fingerprint, *, in_table: bool) -> HalfVector | None:
        """The text's vector, or that of one which hardly differs; the table is asked where it may know."""
        vector = self.recent(organization_id, text)
        if vector is None:
            row = await self._find_in_table(organization_id, text) if in_table else None
            vector = self.take(organization_id, text, row)
        return vector

    def recent(self, organization_id: UUID, text: Fingerprint) -> HalfVector | None:
        """The vector of one of the texts used last."""
        key = (organization_id, text.digest)
        vector = self._recent.get(key)
        if vector is not None:
            self._count("memory")
            self._recent.move_to_end(key)
        return vector

    def take(self, organization_id: UUID, text: Fingerprint, row: Row | None) -> HalfVector | None:
        """The vector of what the table had for a text that was not used lately."""
        if row is None:
            self._count("miss")
            return None
        vector, is_near = row
        self._count("near" if is_near else "table")
        self._remember((organization_id, text.digest), vector)
        return vector

    def asked(self, text: Fingerprint) -> arrivals.Text | None:
        """How to ask the table for it, None where there is none."""
        settings = self._settings
        if not settings.embedding_cache_rows:
            return None
        return arrivals.Text(text, self._model, settings.embedding_cache_near_bits)

    def keep(self, organization_id: UUID, text: Fingerprint, vector: HalfVector, *, lasting: bool = True) -> None:
        """Here at once; in the table, if it is to last, within a second, off the way of the request."""
        key = (organization_id, text.digest)
        self._remember(key, vector)
        if lasting and self._settings.embedding_cache_rows and len(self._waiting) < WAIT_AT_MOST:
            self._waiting[key] = text, vector

    async def forget(self, organization_id: UUID, texts: list[str]) -> None:
        """Erases the texts' vectors here and from the table; other processes drop theirs with time or restart."""
        for text in texts:
            key = (organization_id, fingerprint_of(normalised(text)).digest)
            self._recent.pop(key, None)
            self._waiting.pop(key, None)
        async with self._db.write(organization_id) as session:
            await embedding_cache.forget_texts(session, organization_id, texts)

    async def flush(self) -> None:
        """Writes what is waiting; what the database does not take is let go, for it can be made again."""
        batch, self._waiting = self._waiting, {}
        if not batch:
            return
        rows = [embedding_cache.row_of(key[0], self._model, text, vector) for key, (text, vector) in batch.items()]
        try:
            async with self._db.across_organizations() as session:
                await embedding_cache.add_vectors(session, rows)
        except Problem as problem:
            log.warning("embedding_cache_not_written", problem=problem.slug, vectors=len(rows))

    async def evict(self) -> None:
        """A bounded number of the oldest rows at a time, so that no statement runs long."""
        settings = self._settings
        try:
            async with self._db.across_organizations() as session:
                rows, days = settings.embedding_cache_rows, settings.embedding_cache_days
                gone = await embedding_cache.evict(session, rows, days, EVICTED_AT_ONCE)
        except Problem as problem:
            log.warning("embedding_cache_not_evicted", problem=problem.slug)
        else:
            self._metrics.embedding_cache_evicted.inc(gone)

    def start(self) -> None:
        self._writer = asyncio.create_task(self._write_on())

    async def stop(self) -> None:
        if self._writer is not None:
            self._writer.cancel()
        await self.flush()

    def _count(self, tier: Tier) -> None:
        self._metrics.embedding_cache.labels(tier).inc()

    def _remember(self, key: _Key, vector: HalfVector) -> None:
        self._recent[key] = vector
        self._recent.move_to_end(key)
        while len(self._recent) > self._settings.embedding_cache_entries:
            self._recent.popitem(last=False)

    async def _find_in_table(self, organization_id: UUID, text: Fingerprint) -> Row | None:
        if not self._settings.embedding_cache_rows:
            return None
        near_bits = self._settings.embedding_cache_near_bits
        try:
            async with asyncio.timeout(LOOKUP_TIMEOUT_S):
                session = self._db.single(organization_id)
                return await embedding_cache.find_vector(session, organization_id, self._model, text, near_bits)
        except (Problem, TimeoutError) as problem:
            log.warning("embedding_cache_not_read", reason=type(problem).__name__)
            return None

    async def _write_on(self) -> None:
        last_eviction = monotonic()
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            await self.flush()
            if monotonic() - last_eviction > EVICT_EVERY_S:
                last_eviction = monotonic()
                await self.evict()

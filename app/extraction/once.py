"""Works once for each Idempotency-Key: others with the same key wait for it, and later ones get its run."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import orjson
import structlog
from uuid_utils.compat import uuid7

from app.db import extractions, idempotency_keys
from app.db.engine import Database
from app.db.idempotency_keys import Claimed, Key
from app.db.retried import retried_once
from app.db.rows import columns
from app.errors import KeyInUse, KeyReused, Problem, RunInterrupted
from app.extraction.claim import Claim
from app.extraction.pipeline import Pipeline
from app.extraction.record import as_answer
from app.extraction.save import Paid
from app.extraction.timings_log import TimingsLog
from app.extraction.visit import Visit
from app.llm.retry import deadline_in
from app.settings import Settings

# A process that is killed holds its keys for so long; one that lives renews them in time.
LEASE_S, RENEWED_EVERY_S = 15.0, 5.0
_ASK_AGAIN_S = 0.25
# Paid answers kept in memory while the database is away; more of them would be an outage that lasts.
_UNSAVED_AT_MOST = 200
Told = tuple[dict[str, Any], bool]
Work = Callable[[Claim], Awaitable[dict[str, Any]]]
log = structlog.get_logger()


@dataclass(slots=True)
class _Running:
    """One request at work here; `ended` gives the others its answer or its problem."""

    fingerprint: str
    ended: asyncio.Future[dict[str, Any]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class OncePerKey:
    """All keys that this process is at work on; the database tells of other processes and of earlier days."""

    def __init__(self, db: Database, pipeline: Pipeline, timings_log: TimingsLog, settings: Settings) -> None:
        self._db, self._pipeline, self._timings_log, self._settings = db, pipeline, timings_log, settings
        self._owner: UUID = uuid7()
        self._running: dict[Key, _Running] = {}
        self._unsaved: dict[Key, tuple[str, Paid]] = {}
        self._upkeep: asyncio.Task[None] | None = None

    async def answer(self, key: Key, visit: Visit, work: Work) -> Told:
        """The answer, and whether it was made for another request with that key.

        Raises `KeyReused` for another visit under the key, `KeyInUse` when the one at work takes longer than
        IDEMPOTENCY_WAIT_S, and whatever the work raises.
        """
        fingerprint = fingerprint_of(visit)
        give_up_at = deadline_in(self._settings.idempotency_wait_s)
        while (running := self._running.get(key)) is not None:
            if running.fingerprint != fingerprint:
                raise KeyReused()
            if (told := await _ended(running, give_up_at)) is not None:
                return told, True
        return await self._alone(key, fingerprint, lambda: self._claimed(key, fingerprint, work, give_up_at))

    async def _alone(self, key: Key, fingerprint: str, work: Callable[[], Awaitable[Told]]) -> Told:
        """While the work goes on, others with that key find it here."""
        running = self._running[key] = _Running(fingerprint)
        try:
            told = await work()
            running.ended.set_result(told[0])
            return told
        except Problem as problem:
            running.ended.set_exception(problem)
            running.ended.exception()  # looked at here, since there may be nobody else who waits for it
            raise
        finally:
            running.ended.cancel()  # if it is neither: the next one who waits takes over
            del self._running[key]

    async def _claimed(self, key: Key, fingerprint: str, work: Work, give_up_at: float) -> Told:
        if key in self._unsaved:
            return await self._save_kept(key, fingerprint, self._settings.request_deadline_s)
        while (claimed := await self._claim(key, fingerprint)).kind == "busy":
            if asyncio.get_running_loop().time() >= give_up_at:
                raise KeyInUse(retry_after_s=min(claimed.seconds, LEASE_S))
            await asyncio.sleep(_ASK_AGAIN_S)
        if claimed.kind == "other_body":
            raise KeyReused()
        if claimed.kind == "done" and claimed.run_id is not None:
            return await self._stored(key, claimed.run_id), True
        return await self._work(Claim(key, self._owner), fingerprint, work), False

    async def _claim(self, key: Key, fingerprint: str) -> Claimed:
        async def transaction() -> Claimed:
            async with self._db.write(key.organization_id) as session:
                ttl_s = self._settings.idempotency_ttl_s
                claimed = await idempotency_keys.claim(session, key, fingerprint, self._owner, LEASE_S, ttl_s)
                if claimed.kind == "ours" and claimed.run_id is not None:
                    await extractions.save_failure(session, claimed.run_id, RunInterrupted().body(), None)
            return claimed

        return await retried_once(transaction)

    async def _stored(self, key: Key, run_id: UUID) -> dict[str, Any]:
        """The answer as the record tells it; its last phases may still be on their way there."""
        await self._timings_log.flush()
        async with self._db.read(key.organization_id) as session:
            return as_answer(columns(await extractions.read_run(session, run_id)))

    async def _work(self, claim: Claim, fingerprint: str, work: Work) -> dict[str, Any]:
        try:
            return await work(claim)
        except BaseException:
            if claim.unsaved is not None:
                self._keep(claim.key, fingerprint, claim.unsaved)
            else:
                await self._release(claim.key)
            raise

    async def _release(self, key: Key) -> None:
        """Where even that cannot be written, the lease runs out."""
        try:
            async with self._db.write(key.organization_id) as session:
                await idempotency_keys.release(session, key, self._owner)
        except Problem as unreleased:
            log.warning("idempotency_key_not_released", problem=unreleased.slug)

    def _keep(self, key: Key, fingerprint: str, paid: Paid) -> None:
        paid.timings.on_phase = None
        self._unsaved[key] = (fingerprint, paid)
        log.error("paid_answer_kept", extraction_id=str(paid.run.id), runs=len(self._unsaved))
        if len(self._unsaved) > _UNSAVED_AT_MOST:
            _, lost = self._unsaved.pop(next(iter(self._unsaved)))
            log.critical("paid_answer_lost", extraction_id=str(lost.run.id))

    async def _save_kept(self, key: Key, fingerprint: str, within_s: float) -> Told:
        kept_fingerprint, paid = self._unsaved[key]
        if fingerprint != kept_fingerprint:
            raise KeyReused()
        told = await self._pipeline.save(paid, deadline_in(within_s))
        del self._unsaved[key]
        return told, True

    def start(self) -> None:
        self._upkeep = asyncio.create_task(self._keep_up())

    async def stop(self) -> None:
        if self._upkeep is not None:
            self._upkeep.cancel()
        for _, paid in self._unsaved.values():
            log.critical("paid_answer_lost", extraction_id=str(paid.run.id))

    async def _keep_up(self) -> None:
        while True:
            await asyncio.sleep(RENEWED_EVERY_S)
            try:
                await self._renew()
                await self._save_what_is_kept()
            except Problem as problem:
                log.warning("idempotency_keys_not_renewed", problem=problem.slug)

    async def _renew(self) -> None:
        held = list({*self._running, *self._unsaved})
        if held:
            async with self._db.across_organizations() as session:
                await idempotency_keys.renew(session, held, self._owner, LEASE_S)

    async def _save_what_is_kept(self) -> None:
        for key, (fingerprint, _) in list(self._unsaved.items()):
            if key not in self._running:
                await self._alone(key, fingerprint, partial(self._save_kept, key, fingerprint, within_s=0))


async def _ended(running: _Running, until: float) -> dict[str, Any] | None:
    """What the one at work was told; None when it gave up, so that another may try."""
    left = until - asyncio.get_running_loop().time()
    await asyncio.wait({running.ended}, timeout=max(0.0, left))
    if not running.ended.done():
        raise KeyInUse(retry_after_s=1)
    return None if running.ended.cancelled() else running.ended.result()


def fingerprint_of(visit: Visit) -> str:
    """SHA-256 of all that a request asks for, however it was sent: nothing of it can be read back."""
    asked = {
        "text": visit.text,
        "notes": visit.notes,
        "visit_date": visit.visit_date,
        "sop_ids": visit.sop_ids,
        "custom_categories": [[category.name, category.description] for category in visit.custom_categories],
        "clinician": [visit.clinician.email, visit.clinician.external_id, visit.clinician.name],
        "stored_id": visit.stored_id,
    }
    return hashlib.sha256(orjson.dumps(asked)).hexdigest()

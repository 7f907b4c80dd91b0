"""The way of a request: context, open_run, llm_extraction, evaluation beside extraction_embedding, save."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any

import structlog
from pgvector import HalfVector

from app.computing import compute
from app.db import embeddings, extractions
from app.db.caller import Caller
from app.db.engine import Database
from app.errors import Problem
from app.extraction.claim import Claim
from app.extraction.context import Context, ContextGatherer
from app.extraction.embedding import Embedder
from app.extraction.evaluation import evaluate
from app.extraction.extraction_embedding import embed_extraction
from app.extraction.judge import judge
from app.extraction.llm_extraction import Extraction, extract
from app.extraction.open_run import Run, open_run
from app.extraction.record import as_answer, outcome_of
from app.extraction.remembered_terms import RememberedTerms
from app.extraction.save import Paid, save
from app.extraction.second_reader import listen
from app.extraction.timings_log import TimingsLog
from app.extraction.together import beside
from app.extraction.visit import Visit
from app.extraction.wording import Wording
from app.llm.client import InvalidOutput
from app.llm.offline.hearing import Heard
from app.llm.provider import Provider
from app.llm.retry import deadline_in
from app.settings import Settings
from app.timings import Timings

log = structlog.get_logger()


class Pipeline:
    """Extracts from one visit at a time, for any number of requests at once."""

    def __init__(
        self,
        db: Database,
        provider: Provider,
        embedder: Embedder,
        settings: Settings,
        timings_log: TimingsLog,
    ) -> None:
        self._db, self._provider, self._embedder = db, provider, embedder
        self._settings, self._timings_log = settings, timings_log
        self._remembered = RememberedTerms()

    async def run(self, visit: Visit, caller: Caller, timings: Timings, claim: Claim | None = None) -> dict[str, Any]:
        """The whole answer of `POST /extract`; raises a `Problem`, after noting it on the run if one was opened.

        A claim on an Idempotency-Key is given the run, and the paid answer if that cannot be saved.
        """
        self._provider.refuse_if_away()
        deadline = deadline_in(self._settings.request_deadline_s)
        with timings.phase("context"):
            gatherer = ContextGatherer(
                visit, self._db, self._embedder, self._remembered, self._settings, timings, deadline
            )
            context = await gatherer.gather()
        with timings.phase("open_run"):
            run = await open_run(self._db, visit, caller, context, claim.link if claim else None)
        try:
            paid = await self._extract_into(run, visit, context, timings, deadline)
        except Exception as error:
            await self._note_failure(run, error, timings)
            raise
        try:
            return await self.save(paid, deadline)
        except Exception as error:
            if claim is not None:
                claim.unsaved = paid
            else:
                await self._note_failure(run, error, timings)
            raise

    async def _extract_into(self, run: Run, visit: Visit, context: Context, timings: Timings, deadline: float) -> Paid:
        wording = Wording()
        async with (
            beside(compute(len(visit.text), listen, visit.text, visit.turns)) as hearing,
            beside(self._embed(visit, wording, context, timings, deadline)) as embedding,
        ):
            with timings.phase("llm_extraction"):
                extraction = await extract(self._provider, visit, context, self._settings, deadline, wording)
            evaluation = await self._evaluate(visit, extraction, context, hearing, timings, deadline)
            vector = await embedding
        vectors = {embeddings.TRANSCRIPT: context.vector, embeddings.EXTRACTION: vector}
        known = {kind: vector for kind, vector in vectors.items() if vector is not None}
        outcome = outcome_of(extraction, evaluation, context)
        outcome["vectors_due_at"] = datetime.now(UTC) if len(known) < len(vectors) else None
        return Paid(run, outcome, known, timings)

    async def save(self, paid: Paid, deadline: float) -> dict[str, Any]:
        """The whole answer, once it is stored; raises a storage problem."""
        with paid.timings.phase("save"):
            if not await save(self._db, paid, self._embedder.model, deadline):
                await self._note_unsaved_vectors(paid.run, paid.outcome)
        finished = paid.timings.as_dict()
        self._timings_log.add(paid.run.id, finished)
        return as_answer({**_columns(paid.run), **paid.outcome, "timings": finished})

    async def _evaluate(
        self,
        visit: Visit,
        extraction: Extraction,
        context: Context,
        hearing: Awaitable[Heard],
        timings: Timings,
        deadline: float,
    ) -> dict[str, Any] | None:
        """Its failure costs only itself, and so does a long visit that takes too long.

        The visit was heard beside the model call, which has long ended as a rule.
        """
        with timings.phase("evaluation"):
            try:
                async with asyncio.timeout(self._settings.evaluation_timeout_s):
                    heard = await hearing
                    scores = await compute(len(visit.text), evaluate, visit, extraction, context, heard, self._settings)
            except Exception as error:
                _degrade(context, "evaluation", error)
                return None
            scores["judge"] = await self._judge(visit, extraction, context, deadline)
            return scores

    async def _judge(
        self, visit: Visit, extraction: Extraction, context: Context, deadline: float
    ) -> dict[str, Any] | None:
        if self._settings.evaluation_judge == "none":
            return None
        try:
            return await judge(self._provider, visit, extraction, deadline)
        except (Problem, InvalidOutput) as problem:
            _degrade(context, "judge", problem)
            return None

    async def _embed(
        self, visit: Visit, wording: Wording, context: Context, timings: Timings, deadline: float
    ) -> HalfVector | None:
        """Its call is under way while this process is busy with the check and the evaluation."""
        expected, organization_id = await wording.expected, visit.clinician.organization_id
        with timings.phase("extraction_embedding"):
            try:
                embedded = await embed_extraction(
                    self._embedder, organization_id, expected, wording.found, deadline, known=context.known_before
                )
            except (Problem, InvalidOutput) as problem:
                _degrade(context, "embedding", problem)
                return None
        context.embedding_tokens += embedded.tokens
        return embedded.vector

    async def _note_unsaved_vectors(self, run: Run, outcome: dict[str, Any]) -> None:
        """The row was saved beside its vectors and cannot know; where it cannot be told, answer and log have it."""
        if "embedding" not in outcome["degraded"]:
            outcome["degraded"].append("embedding")
        try:
            async with self._db.write(run.organization_id) as session:
                await extractions.save_degraded(session, run.id, outcome["degraded"])
        except Problem as unsaved:
            log.warning("degraded_not_saved", problem=unsaved.slug)

    async def _note_failure(self, run: Run, error: Exception, timings: Timings) -> None:
        """The run says why it failed; where even that cannot be written, the log has it."""
        problem = error if isinstance(error, Problem) else Problem()
        try:
            async with self._db.write(run.organization_id) as session:
                await extractions.save_failure(session, run.id, problem.body(), timings.as_dict())
        except Problem as unsaved:
            log.error("failure_not_saved", problem=unsaved.slug)


def _degrade(context: Context, what: str, reason: Exception) -> None:
    context.degraded.append(what)
    log.warning("degraded", what=what, reason=type(reason).__name__)


def _columns(run: Run) -> dict[str, Any]:
    return {
        "id": run.id,
        "transcript_id": run.transcript_id,
        "user_id": run.user_id,
        "created_at": run.created_at,
        "state": "succeeded",
    }

"""Phase `context`: everything the prompt needs, gathered at once, each part with its own short session."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

import structlog
from pgvector import HalfVector

from app.computing import compute
from app.db import embeddings, sops, test_cases, users
from app.db.arrivals import Arrival, Text, find_arrival
from app.db.engine import Database
from app.db.rows import AnyRow
from app.errors import Problem, SopNotFound, StorageUnavailable
from app.extraction.context_selection import Candidate, Example, select_context
from app.extraction.embedding import Embedder, Said
from app.extraction.embedding_cache import LOOKUP_TIMEOUT_S
from app.extraction.remembered_terms import RememberedTerms
from app.extraction.together import first_failure, together
from app.extraction.visit import Visit
from app.llm.client import InvalidOutput
from app.settings import Settings
from app.timings import Timings

Search = Callable[[HalfVector, Arrival], Awaitable[None]]
log = structlog.get_logger()


@dataclass(slots=True)
class Context:
    """What was found. `user_id` and `vector` are None for a new clinician and for a failed embedding.

    `known_before` says that the vector was remembered: the same text, or one like it, was here already.
    """

    user_id: UUID | None = None
    sops: Sequence[AnyRow] = ()
    vector: HalfVector | None = None
    embedding_tokens: int = 0
    known_before: bool = False
    candidates: list[Candidate] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    degraded: list[str] = field(default_factory=list)


class ContextGatherer:
    """Gathers the context of one request."""

    def __init__(
        self,
        visit: Visit,
        db: Database,
        embedder: Embedder,
        remembered: RememberedTerms,
        settings: Settings,
        timings: Timings,
        deadline: float,
    ) -> None:
        self._visit, self._embedder, self._remembered = visit, embedder, remembered
        self._organization_id, self._said = visit.clinician.organization_id, Said.of_normalised(visit.normalised)
        # Each query of it has a connection of its own, so that they can run at once.
        self._session = db.single(self._organization_id)
        self._settings, self._timings, self._deadline = settings, timings, deadline
        self._context = Context()

    async def gather(self) -> Context:
        """Raises `SopNotFound`, or `StorageUnavailable` for the user lookup and the SOPs; searches only degrade."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._sop_fetch())
                await self._look_up_and_search()
        except BaseExceptionGroup as failures:
            raise first_failure(failures) from None
        with self._timings.phase("context_selection"):
            if self._context.candidates:
                await self._select(self._context.candidates)
        return self._context

    async def _sop_fetch(self) -> None:
        with self._timings.phase("sop_fetch"):
            if not self._visit.sop_ids:
                return
            owner = self._visit.owner_id or self._visit.clinician
            found = await sops.fetch_active(self._session, owner, self._visit.sop_ids)
            if len(found) < len(self._visit.sop_ids):
                raise SopNotFound()
            self._context.sops = found

    async def _look_up_and_search(self) -> None:
        """Each step in the task that needs it: another task costs two rounds of the event loop until it is heard of."""
        cache, fingerprint = self._embedder.cache, self._said.fingerprint
        vector = cache.recent(self._organization_id, fingerprint)
        if vector is not None:
            with self._timings.phase("transcript_embedding"):
                self._remember(vector)
            arrival = await self._user_lookup(None)
        else:
            with self._timings.phase("transcript_embedding"):
                arrival = await self._user_lookup(cache.asked(fingerprint))
                vector = cache.take(self._organization_id, fingerprint, arrival.remembered)
                if vector is None:
                    await self._embed()
                else:
                    self._remember(vector)
        if self._context.vector is not None:
            await self._search(self._context.vector, arrival)

    def _remember(self, vector: HalfVector) -> None:
        self._context.vector, self._context.known_before = vector, True

    async def _user_lookup(self, asked: Text | None) -> Arrival:
        """With it, in one query, what else is to be known; where that goes wrong, the clinician is asked for alone."""
        visit = self._visit
        with self._timings.phase("user_lookup"):
            try:
                arrival = await find_arrival(
                    self._session, visit.clinician, visit.owner_id, self._embedder.model, asked, LOOKUP_TIMEOUT_S
                )
            except StorageUnavailable as problem:
                log.warning("arrival_not_read", reason=type(problem).__name__)
                arrival = Arrival(visit.owner_id or await users.find_user(self._session, visit.clinician))
            self._context.user_id = arrival.user_id
        return arrival

    async def _embed(self) -> None:
        try:
            embedded = await self._embedder.make(
                self._organization_id, self._said, self._deadline, "transcript_embedding"
            )
        except (Problem, InvalidOutput) as problem:
            self._degrade("similarity", problem)
        else:
            self._context.vector, self._context.embedding_tokens = embedded.vector, embedded.tokens

    async def _search(self, vector: HalfVector, arrival: Arrival) -> None:
        """Both at once, where there is something to find for both."""
        cases = partial(self._bounded, "test_case_search", self._test_case_search, vector, arrival)
        visits = partial(self._bounded, "visit_search", self._visit_search, vector, arrival)
        if arrival.has_cases and arrival.has_visits:
            await together(cases(), visits())
        else:
            await cases()
            await visits()

    async def _bounded(self, phase: str, search: Search, vector: HalfVector, arrival: Arrival) -> None:
        """A search that fails or is slower than its limit costs its own results, not the request."""
        with self._timings.phase(phase):
            try:
                async with asyncio.timeout(self._settings.search_timeout_s):
                    await search(vector, arrival)
            except (Problem, TimeoutError) as problem:
                self._degrade(phase, problem)

    async def _test_case_search(self, vector: HalfVector, arrival: Arrival) -> None:
        if not arrival.has_cases:
            return
        rows = await test_cases.find_similar_cases(
            self._session,
            self._organization_id,
            self._embedder.model,
            vector,
            self._visit.content_hash,
            self._settings.search_candidates,
        )
        self._context.candidates += [
            Candidate("test_case", row.id, row.transcript, row.expected, row.similarity, quality=1.0) for row in rows
        ]

    async def _visit_search(self, vector: HalfVector, arrival: Arrival) -> None:
        if arrival.user_id is None or not arrival.has_visits:
            return
        rows = await embeddings.find_similar_visits(
            self._session,
            arrival.user_id,
            self._embedder.model,
            vector,
            self._visit.content_hash,
            self._settings.search_newest_visits,
            self._settings.search_candidates,
        )
        self._context.candidates += [
            Candidate("visit", row.transcript_id, row.transcript, row.expected, row.similarity, _quality(row.score))
            for row in rows
        ]

    async def _select(self, candidates: list[Candidate]) -> None:
        text, remembered = self._visit.text, self._remembered
        to_read = len(text) + remembered.unread((other.id, other.transcript) for other in candidates)
        chosen = await compute(to_read, select_context, text, candidates, remembered, self._settings)
        self._context.examples = chosen

    def _degrade(self, what: str, reason: Exception) -> None:
        self._context.degraded.append(what)
        log.warning("degraded", what=what, reason=type(reason).__name__)


def _quality(score: float | None) -> float:
    """How good an approved extraction was found to be; a person approved it, so never under a half."""
    return max(0.5, score or 0.0)

"""Remembers the model's answers for a while, and lets requests that are the same share one call; off by default."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

import orjson

from app.errors import ProviderTimeout
from app.llm.chat import AnswerShape, ChatModel, Completion, Message
from app.metrics import Metrics
from app.settings import Settings

Answers = list[Completion]


@dataclass(slots=True)
class _Call:
    """A call that is under way, and how many wait for it."""

    task: "asyncio.Task[Answers]"
    waiting: int = 0


class AnswerCache:
    """In this process alone, for what it holds is patient data: bounded in number and time, gone with the process."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._lasts_s, self._most = settings.answer_cache_ttl_s, settings.answer_cache_entries
        self._outcomes = metrics.answer_cache
        self._kept: OrderedDict[bytes, tuple[float, Answers]] = OrderedDict()
        self._calls: dict[bytes, _Call] = {}

    @property
    def is_on(self) -> bool:
        return self._lasts_s > 0

    async def shared(self, key: bytes, deadline: float, ask: Callable[[], Awaitable[Answers]]) -> tuple[Answers, bool]:
        """What was answered, and whether another request paid for it.

        A failure is everyone's who waited for the call, and is not kept. One who leaves does not end the call for the
        others; when nobody is left it is ended.
        """
        kept = self._remembered(key)
        if kept is not None:
            self._outcomes.labels("hit").inc()
            return kept, True
        call = self._calls.get(key)
        self._outcomes.labels("joined" if call else "miss").inc()
        if call is not None:
            return await self._wait(key, call, deadline), True
        call = self._calls[key] = _Call(asyncio.create_task(self._made(key, ask)))
        # A failure that nobody waited for any more is no news.
        call.task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await self._wait(key, call, deadline), False

    async def _wait(self, key: bytes, call: _Call, deadline: float) -> Answers:
        call.waiting += 1
        try:
            async with asyncio.timeout_at(deadline):
                return await asyncio.shield(call.task)
        except TimeoutError:
            raise ProviderTimeout() from None
        finally:
            call.waiting -= 1
            if not call.waiting and not call.task.done():
                self._calls.pop(key, None)
                call.task.cancel()

    async def _made(self, key: bytes, ask: Callable[[], Awaitable[Answers]]) -> Answers:
        this = asyncio.current_task()
        try:
            answers = await ask()
        finally:
            call = self._calls.get(key)
            if call is not None and call.task is this:
                del self._calls[key]
        self._kept[key] = monotonic() + self._lasts_s, answers
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return answers

    def _remembered(self, key: bytes) -> Answers | None:
        until, answers = self._kept.get(key, (0.0, None))
        if answers is None:
            return None
        if until <= monotonic():
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return answers


def key_of(
    organization_id: UUID, model: ChatModel, messages: Sequence[Message], shape: AnswerShape, max_tokens: int
) -> bytes:
    """A digest of all that shapes the answer, and of whose it is: the messages hold the version of the prompt."""
    asked = [str(organization_id), model.provider, model.name, model.temperature, max_tokens, shape.strict, messages]
    return hashlib.sha256(orjson.dumps(asked)).digest()

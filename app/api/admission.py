"""How many extractions may be at work at once: the next ones wait a moment in line, and the rest hear at once."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import problem_response
from app.errors import Overloaded
from app.metrics import Metrics
from app.settings import OFFLINE, Settings

LIMITED = ("/extract", "/extract/file")
# Rules run on the processor, where more at once only makes each slower; a model elsewhere is waited for.
_AT_ONCE_OFFLINE, _AT_ONCE = 32, 128
# By Little's law a line of an eighth of the places costs those who get through about an eighth of their time.
_LINE_SHARE = 8
# What is read of a request that waits, so that its client's leaving is seen; a longer body waits on the wire.
_READ_AT_MOST = 65_536


class Admission:
    """Places, and a line in front of them: first come, first served; both are bounded."""

    def __init__(self, settings: Settings) -> None:
        derived = _AT_ONCE_OFFLINE if settings.llm_provider == OFFLINE else _AT_ONCE
        self.places = settings.extract_at_once or derived
        line = settings.extract_line
        self._line = max(1, self.places // _LINE_SHARE) if line is None else line
        self._wait_s = settings.extract_wait_s
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def full(self) -> bool:
        return self._taken >= self.places

    def take(self) -> None:
        self._taken += 1

    def give_back(self) -> None:
        """The place goes to the first in line, else it is free."""
        while self._waiting:
            first = self._waiting.popleft()
            if not first.done():
                first.set_result(None)
                return
        self._taken -= 1

    def refuse_if_line_is_full(self) -> None:
        """Raises `Overloaded`."""
        if len(self._waiting) >= self._line:
            raise Overloaded(retry_after_s=self._wait_s)

    async def wait(self) -> None:
        """Until a place is this one's; raises `Overloaded` when the line is full, or the wait takes too long."""
        self.refuse_if_line_is_full()
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await asyncio.wait({place}, timeout=self._wait_s)
        except asyncio.CancelledError:
            if place.done():
                self.give_back()
            raise
        finally:
            if place in self._waiting:
                self._waiting.remove(place)
        if not place.done():
            raise Overloaded(retry_after_s=self._wait_s)


class AdmissionGate:
    """ASGI middleware before anything is read or parsed, so that a refusal costs next to nothing."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._admission = app, Admission(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] not in LIMITED:
            await self._app(scope, receive, send)
            return
        metrics: Metrics = scope["app"].state.parts.metrics
        arriving = _Arriving(receive)
        try:
            if self._admission.full:
                await self._stand_in_line(arriving, metrics)
            else:
                self._admission.take()
        except Overloaded as problem:
            await _refuse(problem, metrics, scope, receive, send)
            return
        with metrics.extractions_in_flight.track_inprogress():
            try:
                await self._app(scope, arriving.receive, send)
            finally:
                self._admission.give_back()

    async def _stand_in_line(self, arriving: "_Arriving", metrics: Metrics) -> None:
        """Raises `Overloaded`, or `ClientDisconnect` for a client that left the line."""
        # As `wait` does a round later: here it costs no tasks, a third of what a refusal takes.
        self._admission.refuse_if_line_is_full()
        with metrics.extractions_waiting.track_inprogress():
            async with arriving.watched() as gone:
                place = asyncio.create_task(self._admission.wait())
                try:
                    await asyncio.wait({place, gone}, return_when=asyncio.FIRST_COMPLETED)
                except asyncio.CancelledError:
                    await self._step_out(place)
                    raise
                if not place.done():
                    await self._step_out(place)
                    raise ClientDisconnect()
                place.result()

    async def _step_out(self, place: "asyncio.Task[None]") -> None:
        """A place that was given in the same moment goes on to the next."""
        if place.done() and not place.cancelled() and place.exception() is None:
            self._admission.give_back()
        place.cancel()
        await asyncio.wait({place})


class _Arriving:
    """The request's messages, some of them read ahead while it waits."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._ahead = receive, deque[Message]()

    async def receive(self) -> Message:
        return self._ahead.popleft() if self._ahead else await self._receive()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator["asyncio.Task[None]"]:
        """A task that ends when the client is gone."""
        watch = asyncio.create_task(self._read_ahead())
        try:
            yield watch
        finally:
            watch.cancel()
            await asyncio.wait({watch})

    async def _read_ahead(self) -> None:
        size = 0
        while size < _READ_AT_MOST:
            message = await self._receive()
            self._ahead.append(message)
            if message["type"] == "http.disconnect":
                return
            size += len(message.get("body", b""))
        await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class _Route:
    """What logs and metrics call the request by, which no router has seen."""

    path: str


async def _refuse(problem: Overloaded, metrics: Metrics, scope: Scope, receive: Receive, send: Send) -> None:
    metrics.extractions_refused.inc()
    scope["route"] = _Route(scope["path"])
    scope["state"]["problem"] = problem
    await problem_response(problem, scope["state"]["request_id"])(scope, receive, send)

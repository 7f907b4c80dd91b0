"""An extraction as an event stream: one `phase` event as each phase ends, then one `result` or `problem`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
from fastapi import Request

from app.api.ongoing import Ongoing
from app.api.problems import log_unexpected
from app.errors import Problem
from app.timings import PhaseTiming, Timings

Answer = Callable[[], Awaitable[dict[str, Any]]]


async def events_of(answer: Answer, request: Request) -> AsyncIterator[bytes]:
    """The stream of one request; `answer` gives the result and times its phases on the request's timings."""
    timings: Timings = request.state.timings
    ongoing: Ongoing = request.app.state.ongoing
    ended: asyncio.Queue[bytes | None] = asyncio.Queue()
    timings.on_phase = lambda name, phase: ended.put_nowait(_phase_event(name, phase))
    running = ongoing.start(_last_event(answer, request), request)
    running.add_done_callback(lambda _: ended.put_nowait(None))
    while (event := await ended.get()) is not None:
        yield event
    if not running.cancelled():  # else nobody is there to read it
        yield running.result()


async def _last_event(answer: Answer, request: Request) -> bytes:
    """The status line is long gone: whatever goes wrong, the stream must say it."""
    try:
        return _event("result", await answer())
    except Problem as problem:
        request.state.problem = problem
    except Exception as error:
        log_unexpected(error)
        request.state.problem = Problem()
    return _event("problem", request.state.problem.body(request.state.request_id))


def _phase_event(name: str, phase: PhaseTiming) -> bytes:
    told = {"phase": name, "start_ms": round(phase.start_ms, 3), "ms": round(phase.ms, 3), "failed": phase.failed}
    return _event("phase", told)


def _event(kind: str, data: dict[str, Any]) -> bytes:
    """One event as the HTML standard's event streams want it; JSON has no line breaks to split."""
    return b"event: " + kind.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"

"""The extractions at work: one whose client leaves ends, unless money was spent; then it is finished and kept."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog
from fastapi import Request
from starlette.requests import ClientDisconnect

from app.timings import Timings

Answer = TypeVar("Answer")
# The first phase that leaves something behind: from here on the work is done whoever is still there.
_NO_RETURN = "open_run"
# What a request that was begun in time may take beyond its deadline.
MARGIN_S = 3.0
log = structlog.get_logger()


class Ongoing:
    """What is at work now, and whether the service is about to stop."""

    def __init__(self, request_deadline_s: float) -> None:
        self._longest_s = request_deadline_s + MARGIN_S
        self._stop_by: float | None = None
        # The event loop itself holds tasks only weakly.
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def is_stopping(self) -> bool:
        return self._stop_by is not None

    def prepare_to_stop(self) -> None:
        """From now on the service is not ready, and what is at work has its deadline to end."""
        self._stop_by = asyncio.get_running_loop().time() + self._longest_s

    async def finish(self) -> None:
        """Waits, before the database goes away, for what is at work without a connection to wait for it."""
        if self._stop_by is None:
            self.prepare_to_stop()
        left = (self._stop_by or 0) - asyncio.get_running_loop().time()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=max(0.0, left))
            if late:
                log.error("work_cut_off", extractions=len(late))

    def start(self, work: Coroutine[Any, Any, Answer], request: Request) -> asyncio.Task[Answer]:
        """The work as a task, and a watch on the client."""
        task = asyncio.create_task(work)
        watch = asyncio.create_task(_leave_with_client(task, request))
        for started in (task, watch):
            self._tasks.add(started)
            started.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: watch.cancel())
        return task


async def answer_of(task: asyncio.Task[Answer], request: Request) -> Answer:
    """What the work gives; raises `ClientDisconnect` when it ended because the client left."""
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:  # the server gives up waiting, or the client is in this process and left
        _end_unless_paid(task, request.state.timings)
        raise
    if task.cancelled():
        raise ClientDisconnect()
    return task.result()


async def _leave_with_client(task: asyncio.Task[Any], request: Request) -> None:
    """The body was read whole: the only message that can still come says that the client is gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    if not _end_unless_paid(task, request.state.timings):
        log.info("client_left", work="goes on")


def _end_unless_paid(task: asyncio.Task[Any], timings: Timings) -> bool:
    return _NO_RETURN not in timings.phases and task.cancel()

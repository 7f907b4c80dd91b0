"""Where visits are read a second time: in processes of their own, so that other requests do not wait meanwhile."""

import asyncio
import pickle
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import structlog

from app.extraction.computing import compute
from app.extraction.reader_process import LENGTH_BYTES, READY
from app.extraction.second_reader import SecondReading, load, read_again
from app.extraction.visit import Visit

log = structlog.get_logger()
_COMMAND = (sys.executable, "-m", "app.extraction.reader_process")
# Run from where `app` lies, it finds `app` also where that is not installed.
_PLACE = Path(__file__).parents[2]
_START_WITHIN_S, _END_WITHIN_S = 60.0, 1.0
Result = TypeVar("Result")


class ReaderLost(RuntimeError):
    """A reader process ended, or did not answer in time."""


class ReadingFailed(RuntimeError):
    """The rules engine could not read the visit."""


@dataclass(slots=True, eq=False)
class _Reader:
    """One process, which reads one visit at a time."""

    process: Process

    async def read(self, text: str) -> SecondReading | None:
        """None where the rules engine failed; raises `ReaderLost`."""
        told = text.encode("utf-8", "surrogatepass")
        try:
            self._input.write(len(told).to_bytes(LENGTH_BYTES) + told)
            answer = await self._output.readexactly(int.from_bytes(await self._output.readexactly(LENGTH_BYTES)))
        except (asyncio.IncompleteReadError, ConnectionError):
            raise ReaderLost(ReaderLost.__doc__) from None
        return cast(SecondReading, pickle.loads(answer)) if answer else None  # noqa: S301 - from our own child

    async def become_ready(self) -> None:
        """Returns when its dictionaries are read; raises `ReaderLost` where it ended before."""
        try:
            await self._output.readexactly(len(READY))
        except asyncio.IncompleteReadError:
            raise ReaderLost(ReaderLost.__doc__) from None

    async def end(self) -> None:
        """With its input it ends by itself; one that hangs is killed."""
        self._input.close()
        try:
            async with asyncio.timeout(_END_WITHIN_S):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    @property
    def _input(self) -> asyncio.StreamWriter:
        return cast(asyncio.StreamWriter, self.process.stdin)

    @property
    def _output(self) -> asyncio.StreamReader:
        return cast(asyncio.StreamReader, self.process.stdout)


class Readers:
    """As many reader processes as asked for; with none, and while they are lost, this process reads."""

    def __init__(self, processes: int, limit_s: float) -> None:
        """A reader that takes longer than `limit_s` for a visit is ended, and another one started."""
        self._processes, self._limit_s = processes, limit_s
        self._alive: set[_Reader] = set()
        self._idle: asyncio.Queue[_Reader] = asyncio.Queue()
        self._working: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Reads the dictionaries, here and in the processes, before the first visit comes."""
        await asyncio.gather(asyncio.to_thread(load), *(self._start_one() for _ in range(self._processes)))

    async def read(self, visit: Visit) -> SecondReading:
        """The second reading, which needs the transcript alone; raises `ReadingFailed`."""
        if not self._alive:
            return await compute(visit, read_again, visit.text, visit.turns)
        try:
            return await asyncio.shield(self._keep(self._read_in_process(visit.text)))
        except ReaderLost:
            return await compute(visit, read_again, visit.text, visit.turns)

    async def stop(self) -> None:
        """Ends the readers; what they still read is no longer wanted."""
        working, readers, self._alive = list(self._working), self._alive, set()
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        for reader in readers:
            await reader.end()

    async def _read_in_process(self, text: str) -> SecondReading:
        """Goes on when the request has gone, or the next one would be given this one's answer."""
        try:
            async with asyncio.timeout(self._limit_s):
                reader = await self._idle.get()
        except TimeoutError:
            raise ReaderLost(ReaderLost.__doc__) from None
        try:
            async with asyncio.timeout(self._limit_s):
                reading = await reader.read(text)
        except (ReaderLost, TimeoutError):
            log.warning("reader_lost")
            self._alive.discard(reader)
            self._keep(self._start_one(instead_of=reader))
            raise ReaderLost(ReaderLost.__doc__) from None
        self._idle.put_nowait(reader)
        if reading is None:
            raise ReadingFailed(ReadingFailed.__doc__)
        return reading

    async def _start_one(self, instead_of: _Reader | None = None) -> None:
        """One that cannot even start is not tried again: this process reads as well, only at others' cost."""
        if instead_of is not None:
            await instead_of.end()
        process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            cwd=_PLACE,
            env={},  # no key, password or pepper of the service
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            start_new_session=True,
        )
        reader = _Reader(process)
        try:
            async with asyncio.timeout(_START_WITHIN_S):
                await reader.become_ready()
        except (ReaderLost, TimeoutError):
            log.error("reader_not_started")
            await reader.end()
        except asyncio.CancelledError:
            await reader.end()
            raise
        else:
            self._alive.add(reader)
            self._idle.put_nowait(reader)

    def _keep(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Work that outlives the request which began it; nobody may be left to hear how it ended."""
        task = asyncio.create_task(work)
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task

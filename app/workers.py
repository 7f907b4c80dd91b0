"""Several processes behind one socket: the parent prepares, starts, replaces and stops them, and serves nothing."""

import asyncio
import math
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from prometheus_client.multiprocess import mark_process_dead
from pydantic import SecretStr

from app.api.ongoing import MARGIN_S
from app.logs import configure_logging
from app.main import create_app, open_database
from app.serving import Server, StartFailed, base_url, bound, failure, spare_what_stays
from app.settings import Settings

# Read by prometheus_client when it is imported: the files that the processes' numbers are in.
_METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# Between the death of a process and its replacement, so that one that cannot live does not take all the time.
_PAUSE_S = 1.0
_READY = "ready"
_SPAWN = multiprocessing.get_context("spawn")
log = structlog.get_logger()


def serve_together(settings: Settings, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Blocks until a signal ends it; `on_ready` gets the base URL once all processes listen. Raises `StartFailed`."""
    with bound(host, port) as listener, TemporaryDirectory(prefix="medextract-metrics-") as folder:
        os.putenv(_METRICS_FOLDER, folder)  # for the processes started from here, not for this one
        try:
            asyncio.run(_Crew(settings, listener, Path(folder)).work(lambda: on_ready(base_url(listener))))
        except StartFailed:
            raise
        except Exception as error:
            raise StartFailed(f"The service did not start: {type(error).__name__}: {error}") from None


class _Crew:
    """The processes at work."""

    def __init__(self, settings: Settings, listener: socket.socket, folder: Path) -> None:
        self._settings, self._listener, self._folder = settings, listener, folder
        self._told_to_stop = asyncio.Event()

    async def work(self, on_ready: Callable[[], None]) -> None:
        """The database is made ready once, here, and stays so until the last process is gone."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop.set)
        async with AsyncExitStack() as stack:
            db = await stack.enter_async_context(open_database(self._settings))
            self._settings = self._settings.model_copy(update={"database_url": SecretStr(db.url)})
            places = [_Place(self._settings, self._listener) for _ in range(self._settings.serve_workers)]
            try:
                await asyncio.gather(*(place.ready() for place in places))
                on_ready()
                keeping = [asyncio.create_task(self._keep(place)) for place in places]
                await self._told_to_stop.wait()
                for task in keeping:
                    task.cancel()
                await asyncio.wait(keeping)
            finally:
                await self._stop(places)

    async def _keep(self, place: "_Place") -> None:
        """Another process for each that ends without being told to."""
        while True:
            await place.ended()
            log.error("process_died", exit_code=place.process.exitcode)
            mark_process_dead(place.process.pid, str(self._folder))  # type: ignore[no-untyped-call]
            await asyncio.sleep(_PAUSE_S)
            place.start()

    async def _stop(self, places: "list[_Place]") -> None:
        """Each process finishes what it has begun; one that does not within its time is ended."""
        patience = math.ceil(self._settings.shutdown_delay_s + self._settings.request_deadline_s + MARGIN_S)
        for place in places:
            place.process.terminate()
        await asyncio.wait([asyncio.create_task(place.ended()) for place in places], timeout=patience)
        for place in places:
            if place.process.is_alive():
                log.error("process_cut_off")
                place.process.kill()
                place.process.join()


class _Place:
    """One process, or after its death the next."""

    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._settings, self._listener = settings, listener
        self.start()

    def start(self) -> None:
        self._hears, told = _SPAWN.Pipe()
        self.process: SpawnProcess = _SPAWN.Process(target=_serve_one, args=(self._settings, self._listener, told))
        self.process.start()
        told.close()

    async def ready(self) -> None:
        """Raises `StartFailed` with what the process says of its failure."""
        try:
            said = await asyncio.to_thread(self._hears.recv)
        except EOFError:
            said = "The service did not start: a process ended at once"
        if said != _READY:
            raise StartFailed(said)

    async def ended(self) -> None:
        """Waits for the end of the process; one waiter at a time."""
        loop, gone = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self.process.sentinel, gone.set)
        try:
            await gone.wait()
        finally:
            loop.remove_reader(self.process.sentinel)
        self.process.join()


def _serve_one(settings: Settings, listener: socket.socket, parent: Connection) -> None:
    """All that a process does."""
    configure_logging(settings)
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    app = create_app(settings)

    def begin() -> None:
        spare_what_stays()
        parent.send(_READY)

    try:
        Server(app, settings, begin).run([listener])
    except (SystemExit, OSError) as error:
        parent.send(str(failure(app, error)))
        raise SystemExit(1) from None


def _leave_with(parent: Connection) -> None:
    """The parent says nothing; the line is dead when it is."""
    try:
        parent.recv()
    except (EOFError, OSError):
        os.kill(os.getpid(), signal.SIGTERM)

"""Serves the app for real: in the foreground until told to stop, or while a block runs."""

import asyncio
import gc
import ipaddress
import math
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette

from app.api.ongoing import MARGIN_S, Ongoing
from app.main import create_app
from app.no_http import Protocol
from app.settings import Settings


class StartFailed(RuntimeError):
    """The service did not start."""


def refuse_open_door(settings: Settings, host: str) -> None:
    """Raises `StartFailed` where the service would answer other machines without asking who they are."""
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if settings.auth == "disabled" and not is_loopback:
        raise StartFailed(
            f"The service did not start: with AUTH=disabled whoever reaches {host} could read patient data, so it "
            "listens on a loopback address only; set AUTH=keys, or SERVE_HOST=127.0.0.1."
        )


def serve(app: Starlette, settings: Settings, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Blocks until a signal ends it; `on_ready` gets the base URL. Raises `StartFailed`, which says why."""
    with bound(host, port) as listener:

        def begin() -> None:
            spare_what_stays()
            on_ready(base_url(listener))

        server = Server(app, settings, begin)
        try:
            server.run([listener])
        except (SystemExit, OSError) as error:
            raise failure(app, error) from None


@asynccontextmanager
async def running(settings: Settings, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """The base URL of the service while the block runs; port 0 takes a free one. Raises `StartFailed`."""
    app = create_app(settings)
    with bound(host, port) as listener:
        ready = asyncio.Event()
        server = Server(app, settings, ready.set)
        serving, waiting = asyncio.create_task(_serve(server, listener)), asyncio.create_task(ready.wait())
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not ready.is_set():
            waiting.cancel()
            raise failure(app, serving.result())
        try:
            yield base_url(listener)
        finally:
            server.should_exit = True
            await serving


class Server(uvicorn.Server):
    """Tells when it listens, and does not wait forever for requests when it is to stop."""

    def __init__(self, app: Starlette, settings: Settings, on_ready: Callable[[], None]) -> None:
        patience = math.ceil(settings.request_deadline_s + MARGIN_S)
        super().__init__(_config(app, patience))
        self._on_ready, self._delay_s = on_ready, settings.shutdown_delay_s
        self._ongoing: Ongoing | None = getattr(app.state, "ongoing", None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except OSError:
            await self.lifespan.shutdown()  # uvicorn would leave the app as it is, with all its connections
            raise
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Not ready at once, but still there for as long as a load balancer may take to notice."""
        if self._ongoing:
            self._ongoing.prepare_to_stop()
            if signal.SIGTERM in self._captured_signals:
                await asyncio.sleep(self._delay_s)
                self._ongoing.prepare_to_stop()
        await super().shutdown(sockets)


def spare_what_stays() -> None:
    """The garbage collector leaves alone what the start made, and looks at a request's objects once, not twenty times.

    Reference counts free nearly all that a request leaves; what is left in cycles waits a little longer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _config(app: Starlette, patience_s: int) -> uvicorn.Config:
    return uvicorn.Config(app, log_config=None, access_log=False, http=Protocol, timeout_graceful_shutdown=patience_s)


def bound(host: str, port: int) -> socket.socket:
    """Taken before anything else is started; not listened to until all of it is."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, UnicodeError) as error:
        listener.close()
        raise StartFailed(f"The service did not start: {host} port {port}: {_reason(error)}") from None
    return listener


def base_url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _serve(server: uvicorn.Server, listener: socket.socket) -> BaseException | None:
    """uvicorn ends the process when the start fails; here the one who waits has to hear of it instead."""
    try:
        await server.serve([listener])
    except (SystemExit, OSError) as error:
        return error
    return None


def failure(app: Starlette, ended_by: BaseException | None) -> StartFailed:
    error = getattr(app.state, "failure", None) or ended_by
    return StartFailed(f"The service did not start: {type(error).__name__}: {error}")


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)

"""Serves the app for real: in the foreground until told to stop, or while a block runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from app.main import create_app
from app.settings import Settings


class StartFailed(RuntimeError):
    """The service did not start."""


def serve(settings: Settings, host: str, port: int) -> None:
    """Blocks until a signal ends it; raises `StartFailed`, which says why."""
    app = create_app(settings)
    try:
        uvicorn.Server(_config(app, host, port)).run()
    except SystemExit:
        raise _failure(app) from None


@asynccontextmanager
async def running(settings: Settings, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """The base URL of the service while the block runs; port 0 takes a free one. Raises `StartFailed`."""
    app = create_app(settings)
    server = uvicorn.Server(_config(app, host, port))
    serving = asyncio.create_task(_serve(server))
    while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn tells it no other way
        await asyncio.sleep(0.02)
    if not server.started:
        raise _failure(app)
    try:
        bound = server.servers[0].sockets[0].getsockname()
        yield f"http://{bound[0]}:{bound[1]}"
    finally:
        server.should_exit = True
        await serving


def _config(app: FastAPI, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False)


async def _serve(server: uvicorn.Server) -> None:
    """uvicorn ends the process when the start fails; here the one who waits has to hear of it instead."""
    try:
        await server.serve()
    except SystemExit:
        return


def _failure(app: FastAPI) -> StartFailed:
    error = getattr(app.state, "failure", None)
    return StartFailed(f"The service did not start: {type(error).__name__}: {error}" if error else StartFailed.__doc__)

"""What a front-door test needs: one PostgreSQL for all workers, a database a worker, and the whole app over ASGI."""

import asyncio
import io
import logging
import os
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from app.db import migrate
from app.db.embedded import EmbeddedServer
from app.llm.network import ASGIApp
from app.logs import configure_logging
from app.main import create_app
from app.parts import Parts
from app.settings import Settings
from tests.scripted_provider import ScriptedProvider

PROJECT = Path(__file__).parents[1]
# The cluster holds nothing worth keeping through a power cut.
_CONF = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
VISIT = "Doctor: Take ibuprofen 400 mg twice a day for ten days.\nPatient: All right, I will.\n"


@pytest.fixture(scope="session", autouse=True)
def _no_outside_settings() -> Iterator[None]:
    """The machine's environment and a developer's `.env` are not part of a test."""
    names = {name.upper() for name in Settings.model_fields} | {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}
    kept = {name: value for name, value in os.environ.items() if name.upper() in names}
    for name in kept:
        del os.environ[name]
    yield
    os.environ.update(kept)


@pytest.fixture(autouse=True)
def _logging_restored() -> Iterator[None]:
    """A test that sets up logging must not leave loggers that write to its own, closed, output."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


@pytest.fixture(scope="session")
def server_url() -> Iterator[URL]:
    """The `postgres` database of a cluster that all workers share and that is kept between runs."""
    server = EmbeddedServer(PROJECT / ".data" / "tests", extra_conf=_CONF)
    yield server.start()
    server.stop()


@asynccontextmanager
async def fresh_database(server_url: URL, *, migrated: bool = True) -> AsyncIterator[URL]:
    """A database of its own name, dropped at the end."""
    name = f"test_{uuid.uuid4().hex}"
    url = await migrate.create_database(server_url, name)
    if migrated:
        await asyncio.to_thread(migrate.upgrade, url)
    try:
        yield url
    finally:
        async with connection_to(server_url) as connection:
            await connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


@asynccontextmanager
async def connection_to(url: URL) -> AsyncIterator[AsyncConnection]:
    """A connection of the test's own, beside the app's pool; it commits each statement."""
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            yield await connection.execution_options(isolation_level="AUTOCOMMIT")
    finally:
        await engine.dispose()


@pytest.fixture(scope="session")
async def database_url(server_url: URL) -> AsyncIterator[URL]:
    """This worker's migrated database."""
    async with fresh_database(server_url) as url:
        yield url


@pytest.fixture
async def connection(database_url: URL) -> AsyncIterator[AsyncConnection]:
    async with connection_to(database_url) as opened:
        yield opened


@dataclass
class Service:
    """A running app, a client of it, and the provider that it asks (None: the offline one)."""

    app: FastAPI
    client: httpx.AsyncClient
    provider: ScriptedProvider | None

    @property
    def parts(self) -> Parts:
        parts: Parts = self.app.state.parts
        return parts

    async def extract(self, transcript: str = VISIT, **fields: Any) -> dict[str, Any]:
        """The answer of a POST that has to go well; each call is another clinician's unless `user` says who."""
        body = {"transcript": transcript, "user": new_user(), **fields}
        response = await self.client.post("/extract", json=body)
        assert response.status_code == 201, response.text
        return dict(response.json())

    async def last_run(self) -> dict[str, Any]:
        """The newest stored run; a worker runs one test at a time."""
        page = (await self.client.get("/extractions", params={"limit": 1})).json()
        return dict(page["items"][0])

    async def get(self, path: str, **params: Any) -> dict[str, Any]:
        response = await self.client.get(path, params=params)
        assert response.status_code == 200, response.text
        return dict(response.json())


OpenService = Callable[..., Any]
Logged = Callable[[], list[dict[str, Any]]]


def new_user() -> dict[str, str]:
    """A clinician that no other test knows."""
    return {"email": f"{uuid.uuid4().hex}@clinic.example"}


def settings_for(url: URL, **overrides: Any) -> Settings:
    # A sweep finds what other tests have left on purpose.
    own = {"database_url": url.render_as_string(hide_password=False), "sweep_every_s": 3600}
    values = {**own, **overrides}
    return Settings(_env_file=None, **values)


def scripted_settings(url: URL, **overrides: Any) -> Settings:
    """An OpenAI-compatible provider under a model name of its own, so that no other test's vectors are in reach."""
    own = {"llm_provider": "openai", "openai_api_key": "test", "embedding_model": f"words-{uuid.uuid4().hex}"}
    return settings_for(url, **{**own, **overrides})


@asynccontextmanager
async def running_service(settings: Settings, provider: ASGIApp | None = None) -> AsyncIterator[Service]:
    """The whole app with its lifespan, and a client over ASGI."""
    app = create_app(settings, provider)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", timeout=60) as client,
    ):
        scripted = provider if isinstance(provider, ScriptedProvider) else None
        if scripted is not None:
            scripted.database = app.state.parts.db
        yield Service(app, client, scripted)
        if scripted is not None:
            assert set(scripted.connections_held) <= {0}, "a connection was checked out during a model call"


@pytest.fixture
async def open_service(database_url: URL) -> AsyncIterator[OpenService]:
    """Opens services on this worker's database: with a script, or with `provider=None` the offline engine."""
    async with AsyncExitStack() as stack:

        async def opened(provider: ScriptedProvider | None, **overrides: Any) -> Service:
            make = scripted_settings if provider is not None else settings_for
            settings = make(database_url, **overrides)
            return await stack.enter_async_context(running_service(settings, provider))

        yield opened


@pytest.fixture(scope="session")
async def offline(database_url: URL) -> AsyncIterator[Service]:
    """The service as it is by default: the offline engine. Shared, since reading its word vectors takes a while."""
    async with running_service(settings_for(database_url)) as service:
        yield service


@pytest.fixture(scope="session")
async def scripted(database_url: URL) -> AsyncIterator[Service]:
    """A service whose provider finds nothing; shared by tests of what comes before and after the model."""
    async with running_service(scripted_settings(database_url), ScriptedProvider()) as service:
        yield service


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """The base URL of an app served over a real socket."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        task = asyncio.create_task(server.serve([bound]))
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it no other way
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@pytest.fixture
def logged() -> Logged:
    """Gives the JSON log lines written so far, as a machine would read them."""
    written = io.StringIO()
    with redirect_stderr(written):
        configure_logging(Settings(_env_file=None))
    return lambda: [orjson.loads(line) for line in written.getvalue().splitlines()]

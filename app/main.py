"""The composition root: builds the service once from its settings, for the API, the CLI, jobs and tests alike."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from sqlalchemy.engine import URL

from app.access.credentials import Credentials
from app.access.meter import Meter
from app.access.oidc import IdentityProvider
from app.api.app import build_api
from app.db import migrate
from app.db.audit_log import AuditLog
from app.db.embedded import EmbeddedServer
from app.db.engine import Database, database_url
from app.db.pool_size import fitted
from app.extraction.embedding import Embedder
from app.extraction.embedding_cache import EmbeddingCache
from app.extraction.once import OncePerKey
from app.extraction.pipeline import Pipeline
from app.extraction.second_reader import load
from app.extraction.sweep import Sweep
from app.extraction.timings_log import TimingsLog
from app.llm.network import ASGIApp
from app.llm.provider import Provider
from app.metrics import Metrics
from app.parts import Parts
from app.settings import OFFLINE, Settings

EMBEDDED_DATABASE = "medextract"


class SchemaBehind(RuntimeError):
    """The database's schema is not that of this version: run `medextract migrate`."""


def create_app(settings: Settings | None = None, provider_app: ASGIApp | None = None) -> FastAPI:
    """The ASGI app; `provider_app`, an OpenAI-compatible ASGI app, takes the place of the configured provider."""
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with open_parts(settings, provider_app) as parts:
                app.state.parts = parts
                yield
        except Exception as error:
            app.state.failure = error
            raise

    return build_api(settings, lifespan)


@asynccontextmanager
async def open_parts(settings: Settings, provider_app: ASGIApp | None = None) -> AsyncIterator[Parts]:
    """The parts, with the database reachable and up to date; raises `SchemaBehind` for one that we do not own."""
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(load)
        db = await stack.enter_async_context(open_database(settings))
        metrics = Metrics()
        provider = Provider(settings, metrics, *await _in_process(settings, provider_app))
        stack.push_async_callback(provider.close)
        cache = EmbeddingCache(db, settings, metrics, f"{provider.embedding_model}/{provider.dimensions}")
        timings_log, audit_log, meter = TimingsLog(db), AuditLog(db), Meter(db)
        for gathered in (cache, timings_log, audit_log, meter):
            gathered.start()
            stack.push_async_callback(gathered.stop)
        embedder = Embedder(provider, cache)
        pipeline = Pipeline(db, provider, embedder, settings, timings_log)
        once, sweep = OncePerKey(db, pipeline, timings_log, settings), Sweep(db, embedder, settings)
        for at_work in (once, sweep):
            at_work.start()
            stack.push_async_callback(at_work.stop)
        credentials = Credentials(db, settings, IdentityProvider(settings) if settings.auth == "oidc" else None)
        logs, access = (timings_log, audit_log), (credentials, meter)
        yield Parts(settings, db, provider, embedder, pipeline, once, sweep, *logs, *access, metrics)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The database, up to date; raises `SchemaBehind`, `PoolTooLarge`, or `RoleMissing` without walls."""
    async with AsyncExitStack() as stack:
        url = await _ready_database(settings, stack)
        db = Database(url, await fitted(url, settings))
        stack.push_async_callback(db.close)
        await db.check_walls()
        yield db


async def migrate_database(settings: Settings) -> None:
    """Brings the configured database, embedded or not, to the newest schema."""
    async with AsyncExitStack() as stack:
        if settings.database_url is None:
            await _ready_database(settings, stack)
        else:
            url = database_url(settings.database_url.get_secret_value())
            await asyncio.to_thread(migrate.upgrade, url)


async def _ready_database(settings: Settings, stack: AsyncExitStack) -> URL:
    """The embedded server is migrated at once; a database of the operator's is only looked at."""
    if settings.database_url is None:
        server = EmbeddedServer(settings.data_dir)
        url = await migrate.create_database(await asyncio.to_thread(server.start), EMBEDDED_DATABASE)
        stack.push_async_callback(asyncio.to_thread, server.stop)
        await asyncio.to_thread(migrate.upgrade, url)
        return url
    url = database_url(settings.database_url.get_secret_value())
    if not await migrate.is_current(url):
        raise SchemaBehind(SchemaBehind.__doc__)
    return url


async def _in_process(settings: Settings, provider_app: ASGIApp | None) -> tuple[ASGIApp | None, ASGIApp | None]:
    """The app in place of the network, and the rules engine where it is a fallback; its data are loaded beforehand."""
    is_first, is_fallback = settings.llm_provider == OFFLINE and provider_app is None, OFFLINE in settings.fallbacks
    if not is_first and not is_fallback:
        return provider_app, None
    # Imported here, so that a service with a real provider does not hold vectors it never uses.
    from app.llm.offline.server import create_offline_server, load

    await asyncio.to_thread(load)
    rules = create_offline_server()
    return (rules, None) if is_first else (provider_app, rules)

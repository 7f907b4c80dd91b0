"""Runs the migrations over the service's own driver, on the URL that the caller gives or the settings name."""

import asyncio

from alembic import context
from alembic.util import CommandError
from sqlalchemy import URL, Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.db.access_tables import metadata
from app.db.engine import database_url
from app.settings import Settings

LOCK_KEY = 7_620_251


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        # Services that start at the same time must not migrate at the same time.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
        context.run_migrations()


async def run_online() -> None:
    engine = create_async_engine(target(), poolclass=NullPool, hide_parameters=True)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


def target() -> URL:
    """The caller's database; for the `alembic` command itself, that of DATABASE_URL."""
    given: URL | None = context.config.attributes.get("url")
    if given is not None:
        return given
    configured = Settings().database_url
    if configured is None:
        raise CommandError(
            "DATABASE_URL is empty: name a database, or migrate the embedded one by `medextract migrate`"
        )
    return database_url(configured.get_secret_value())


asyncio.run(run_online())

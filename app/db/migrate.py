"""Brings a database to the newest schema, and tells whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, exc, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.db.translated import sqlstate

PROJECT = Path(__file__).parents[2]
# duplicate_database; and unique_violation, where another process made it in the same moment.
_THERE_ALREADY = ("42P04", "23505")


def alembic_config(url: URL) -> Config:
    config = Config(toml_file=PROJECT / "pyproject.toml")
    config.attributes["url"] = url
    return config


def upgrade(url: URL, revision: str = "head") -> None:
    """Applies what is missing. Blocking, and runs an event loop of its own: call it from a thread."""
    command.upgrade(alembic_config(url), revision)


async def is_current(url: URL) -> bool:
    """Whether the schema is the one that this version of the code was written for."""
    engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        async with engine.connect() as connection:
            return (
                await connection.run_sync(_revision)
                == ScriptDirectory.from_config(alembic_config(url)).get_current_head()
            )
    finally:
        await engine.dispose()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


async def create_database(server: URL, name: str) -> URL:
    """The URL of database `name` on that server, made if it was not there."""
    engine = create_async_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.execute(text(f'CREATE DATABASE "{name}"'))
    except exc.DBAPIError as error:
        if sqlstate(error) not in _THERE_ALREADY:
            raise
    finally:
        await engine.dispose()
    return server.set(database=name)

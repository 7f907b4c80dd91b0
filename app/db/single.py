"""Single statements: each is its own transaction in one round trip, and is told to the driver itself."""

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Executable
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

from app.db.compiled import Compiled
from app.db.naming import Query, naming, naming_organization
from app.db.retried import retried_once
from app.db.rows import AnyRow
from app.db.translated import translated
from app.errors import StorageUnavailable


class Found(list[AnyRow]):
    """The rows, read as those of a session are."""

    def all(self) -> list[AnyRow]:
        return self

    def one_or_none(self) -> AnyRow | None:
        """The row of what has one at most."""
        return self[0] if self else None

    def scalar(self) -> Any:
        """The first column of the first row, or None."""
        return self[0][0] if self else None


class _Row(asyncpg.Record):  # type: ignore[misc]
    """With its columns as attributes, as SQLAlchemy's has them."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Singles:
    """Sends statements on connections of the engine's pool, past SQLAlchemy's execution: a quarter of the CPU."""

    def __init__(self, engine: AsyncEngine, most: int, *, may_overflow: bool) -> None:
        self._engine, self._most, self._may_overflow = engine, most, may_overflow
        self._compiled = lru_cache(maxsize=128)(partial(Compiled, dialect=engine.dialect))

    async def execute(self, statement: Executable, values: Mapping[str, Any], within_s: float | None = None) -> Found:
        """What the statement gives back; `within_s` is counted from when it has a connection."""
        compiled = self._compiled(statement)
        given = compiled.values(values)
        with translated():
            connection = await self._living()
            try:
                driver: Any = connection.driver_connection
                found = Found(await driver.fetch(compiled.text, *given, timeout=within_s, record_class=_Row))
            except asyncpg.PostgresError:
                await self._give_back(connection)
                raise
            except BaseException:
                # Whatever else ended it may have left the connection in the midst of something.
                await greenlet_spawn(connection.invalidate)
                raise
            await self._give_back(connection)
            return found

    async def _living(self) -> PoolProxiedConnection:
        """A connection of which nobody knows that it died in the pool."""
        for _ in range(self._most):
            connection = await self._engine.raw_connection()
            if not connection.driver_connection.is_closed():  # type: ignore[union-attr]
                return connection
            await greenlet_spawn(connection.invalidate)
        raise StorageUnavailable(retry_after_s=1)

    async def _give_back(self, connection: PoolProxiedConnection) -> None:
        """No transaction is open on it, so nothing has to be awaited unless the pool closes it."""
        if self._may_overflow:
            await greenlet_spawn(connection.close)
        else:
            connection.close()


class SingleQuery:
    """A session for one query, with a connection only while it runs."""

    def __init__(self, singles: Singles, organization_id: UUID) -> None:
        self._singles, self._organization = singles, naming(organization_id)

    async def execute(self, query: Query, values: Mapping[str, Any], within_s: float | None = None) -> Found:
        """As a session does; once more if the connection breaks, since a query changes nothing."""
        named = {**values, **self._organization}
        return await retried_once(lambda: self._singles.execute(naming_organization(query), named, within_s))

    async def scalar(self, query: Query, values: Mapping[str, Any]) -> Any:
        """The first column of the first row, or None."""
        return (await self.execute(query, values)).scalar()

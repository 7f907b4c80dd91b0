"""The pooled async engine, and the only ways to a session: each names the organization whose rows it reaches."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from pgvector import HalfVector
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from app.db.naming import ORGANIZATION
from app.db.pool_size import ENOUGH
from app.db.row_security import APP_ROLE, CAN_TAKE_ROLE, RoleMissing
from app.db.single import SingleQuery, Singles
from app.db.tables import encode_halfvec
from app.db.translated import translated
from app.errors import StorageUnavailable
from app.settings import Settings

# After the server's own timeout, which tells more, had its chance.
_COMMAND_MARGIN_S = 2.0
_PING_TIMEOUT_S = 2.0
_ROLLBACK_TIMEOUT_S = 2.0
# What a connection answers that was closed by the other side while nobody looked.
_DEAD = (
    ConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
)


class Database:
    """One pool. Sessions are short, belong to one task each, and never stay open across a model call.

    Each session is one transaction. It is opened by a single round trip that also names the organization, for that
    transaction alone: row-level security shows its rows and no others, and without a name none at all.
    """

    def __init__(self, url: URL, settings: Settings) -> None:
        # Each of the pool may have died, and one more is new.
        size = settings.db_pool_size or ENOUGH
        self._most = size + settings.db_max_overflow + 1
        self._engine = create_async_engine(
            url,
            pool_size=size,
            max_overflow=settings.db_max_overflow,
            pool_timeout=settings.db_pool_timeout_s,
            pool_recycle=settings.db_pool_recycle_s,
            # LIFO keeps a small set of connections warm and lets the rest grow old.
            pool_use_lifo=True,
            # The transactions are opened below, by one round trip instead of the driver's two.
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            json_serializer=lambda value: orjson.dumps(value, default=str).decode(),
            json_deserializer=orjson.loads,
            connect_args={
                "timeout": settings.db_pool_timeout_s,
                # A server that hangs cannot enforce its own statement timeout.
                "command_timeout": settings.db_statement_timeout_s + _COMMAND_MARGIN_S,
                "server_settings": _server_settings(settings),
            },
        )
        event.listen(self._engine.sync_engine, "connect", _speak_halfvec)
        self._singles = Singles(self._engine, self._most, may_overflow=settings.db_max_overflow > 0)

    @asynccontextmanager
    async def read(self, organization_id: UUID) -> AsyncIterator[AsyncConnection]:
        """A session that sees one organization and cannot write."""
        async with self._transaction(f"BEGIN READ ONLY; {_within(organization_id)}") as session:
            yield session

    def single(self, organization_id: UUID) -> SingleQuery:
        """The same for one query, which opens no transaction."""
        return SingleQuery(self._singles, organization_id)

    def change(self) -> Singles:
        """The same for one statement that changes something, and commits by itself."""
        return self._singles

    @asynccontextmanager
    async def write(self, organization_id: UUID) -> AsyncIterator[AsyncConnection]:
        """A session inside one organization that commits on clean exit and rolls back on any error."""
        async with self._transaction(f"BEGIN; {_within(organization_id)}") as session:
            yield session

    @asynccontextmanager
    async def across_organizations(self) -> AsyncIterator[AsyncConnection]:
        """The system's own work, not a caller's: as the tables' owner, whom row-level security does not bind."""
        async with self._transaction("BEGIN; SET LOCAL ROLE NONE") as session:
            yield session

    @asynccontextmanager
    async def _transaction(self, begin: str) -> AsyncIterator[AsyncConnection]:
        with translated():
            session = await self._begun(begin)
            driver = _driver(session)
            try:
                yield session
                ended = await driver.execute("COMMIT")
            except BaseException as error:
                await _roll_back(session, driver, error)
                raise
            finally:
                await session.close()
            if ended != "COMMIT":  # PostgreSQL's answer where a statement failed and the failure was passed over
                raise StorageUnavailable(retry_after_s=1)

    async def _begun(self, begin: str) -> AsyncConnection:
        """A connection with its transaction open, by which it lives; those that died in the pool are passed over."""
        for _ in range(self._most):
            session = await self._engine.connect()
            try:
                await _driver(session).execute(begin)
                return session
            except BaseException as error:
                await session.invalidate()
                await session.close()
                if not isinstance(error, _DEAD):
                    raise
        raise StorageUnavailable(retry_after_s=1)

    async def check_walls(self) -> None:
        """Raises `RoleMissing` when row-level security would not hold for this database's sessions."""
        # Asked on a connection that takes no role, since one that cannot take it does not open at all.
        lone = create_async_engine(self._engine.url, poolclass=NullPool, hide_parameters=True)
        try:
            async with lone.connect() as connection:
                if not await connection.scalar(CAN_TAKE_ROLE):
                    raise RoleMissing()
        finally:
            await lone.dispose()

    async def ping(self) -> None:
        """Raises `StorageUnavailable` when the database does not answer within two seconds."""
        answer = asyncio.create_task(self._ask())
        answered, _ = await asyncio.wait({answer}, timeout=_PING_TIMEOUT_S)
        if not answered:
            # Not waited for: to close a connection that hangs takes as long again.
            answer.cancel()
            raise StorageUnavailable(retry_after_s=1)
        answer.result()

    async def _ask(self) -> None:
        async with self._transaction("BEGIN READ ONLY"):
            pass

    @property
    def url(self) -> str:
        """Whole, with the password."""
        return self._engine.url.render_as_string(hide_password=False)

    def connections_in_use(self) -> int:
        """How many pooled connections are checked out right now."""
        return self._engine.sync_engine.pool.checkedout()  # type: ignore[attr-defined, no-any-return]

    async def close(self) -> None:
        await self._engine.dispose()


# What a query can be executed on, and what a change can.
Reading = AsyncConnection | SingleQuery
Changing = AsyncConnection | Singles


def database_url(value: str) -> URL:
    """The URL of `DATABASE_URL`, with the driver that the service uses where none is named."""
    url = make_url(value)
    return url.set(drivername="postgresql+asyncpg") if url.drivername in ("postgres", "postgresql") else url


def _server_settings(settings: Settings) -> dict[str, str]:
    return {
        "application_name": "medextract",
        "statement_timeout": f"{settings.db_statement_timeout_s * 1000:.0f}",
        "jit": "off",
        "role": APP_ROLE,
    }


def _within(organization_id: UUID) -> str:
    """Transaction-local, as `set_config(…, true)` is; a UUID needs no quoting."""
    return f"SET LOCAL {ORGANIZATION} = '{UUID(str(organization_id))}'"


def _driver(session: AsyncConnection) -> Any:
    """asyncpg's own connection: what it is told directly costs a tenth of what goes through SQLAlchemy."""
    return session.sync_connection.connection.driver_connection  # type: ignore[union-attr]


async def _roll_back(session: AsyncConnection, driver: Any, error: BaseException) -> None:
    """A connection goes back to the pool without a transaction, or not at all."""
    # A cancelled task waits for nothing more, and a server that hangs would not answer this either.
    given_up = not isinstance(error, Exception) or isinstance(error, OSError | TimeoutError)
    try:
        if not given_up:
            await driver.execute("ROLLBACK", timeout=_ROLLBACK_TIMEOUT_S)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError):
        given_up = True
    finally:
        if given_up:
            await session.invalidate()


def _speak_halfvec(connection: Any, _record: object) -> None:
    """Binary instead of text for vectors: a quarter of the bytes, and no float parsing (performance study)."""
    connection.run_async(
        lambda driver: driver.set_type_codec(
            "halfvec", schema="public", encoder=encode_halfvec, decoder=HalfVector.from_binary, format="binary"
        )
    )

"""How many connections each process may keep, so that all processes together fit into what the server allows."""

from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.settings import Settings

# More than this one process keeps busy: its sessions are short, and none is open while a model works.
ENOUGH = 40
# For migrations, commands, monitoring and a process that is being replaced.
_KEPT_FREE = 10
_LIMITS = text(
    "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
    " - COALESCE(current_setting('reserved_connections', true), '0')::int"
)


class PoolTooLarge(RuntimeError):
    """The connections of all processes do not fit into what the database server allows."""

    def __init__(self, workers: int, each: int, usable: int) -> None:
        super().__init__(
            f"{workers} processes with {each} connections each do not fit: the database server has {usable} for them. "
            f"Lower SERVE_WORKERS, DB_POOL_SIZE or DB_MAX_OVERFLOW, or raise max_connections of the server."
        )


async def fitted(url: URL, settings: Settings) -> Settings:
    """The settings with a pool size: the one that is asked for, or as much as fits; raises `PoolTooLarge`."""
    usable = await _connection_limit(url) - _KEPT_FREE
    share = usable // settings.serve_workers - settings.db_max_overflow
    size = min(ENOUGH, share) if settings.db_pool_size is None else settings.db_pool_size
    if not 0 < size <= share:
        raise PoolTooLarge(settings.serve_workers, max(size, 1) + settings.db_max_overflow, usable)
    return settings.model_copy(update={"db_pool_size": size})


async def _connection_limit(url: URL) -> int:
    engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        async with engine.connect() as connection:
            return int((await connection.execute(_LIMITS)).scalar_one())
    finally:
        await engine.dispose()

"""What gathers in memory and is written in batches, off the way of any request."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress

FLUSH_EVERY_S = 1.0
LAST_FLUSH_S = 1.0


class Flushed(ABC):
    """Calls `flush` once a second from `start` on, and a last time at `stop`; a write under way is never cut off."""

    def __init__(self) -> None:
        self._ending = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    @abstractmethod
    async def flush(self) -> None:
        """Writes what is waiting; on a database error it goes on waiting."""

    def start(self) -> None:
        self._writer = asyncio.create_task(self._write_on())

    async def stop(self) -> None:
        """A database that hangs does not hold up the end."""
        self._ending.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_FLUSH_S):
                await (self._writer or self.flush())

    async def _write_on(self) -> None:
        while not self._ending.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_EVERY_S):
                    await self._ending.wait()
            await self.flush()

"""Runs parts of a request at once: the first failure cancels the rest and is raised as itself."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

A = TypeVar("A")
B = TypeVar("B")


async def together(first: Coroutine[Any, Any, A], second: Coroutine[Any, Any, B]) -> tuple[A, B]:
    """Both results. Unlike `asyncio.gather`, no sibling is left running behind a failure.

    The first begins at once, in the task that waits for both anyway.
    """
    try:
        async with asyncio.TaskGroup() as group:
            two = group.create_task(second)
            one = await first
    except BaseExceptionGroup as failures:
        raise first_failure(failures) from None
    return one, two.result()


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, A]) -> AsyncIterator[asyncio.Task[A]]:
    """Work that goes on beside the block, and ends with it if nothing in it has waited for its result."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        if not task.cancel() and not task.cancelled():
            task.exception()  # heard by whoever awaited it; by nobody where the block failed before


def first_failure(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first failure of a task group, also from a group within it."""
    first = failures.exceptions[0]
    return first_failure(first) if isinstance(first, BaseExceptionGroup) else first

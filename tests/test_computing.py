"""Visits that come together take turns on the event loop; long ones are worked on in a thread."""

import asyncio
import itertools
import threading

from app.computing import LONG_FROM_CHARS, compute


async def test_in_two_rounds_of_the_loop_one_is_computed() -> None:
    rounds: list[int] = [0]
    together = [asyncio.create_task(compute(1, lambda: rounds.append(rounds.pop() + 1))) for _ in range(10)]
    while not all(task.done() for task in together):
        rounds.append(0)
        await asyncio.sleep(0)
    assert sum(rounds) == 10
    assert max(map(sum, itertools.pairwise(rounds))) == 1


async def test_one_that_fails_or_is_given_up_leaves_its_place() -> None:
    def fail() -> None:
        raise ValueError

    for _ in range(3):
        failed = await asyncio.gather(compute(1, fail), return_exceptions=True)
        assert isinstance(failed[0], ValueError)
    given_up = [asyncio.create_task(compute(1, int)) for _ in range(3)]
    await asyncio.sleep(0)
    for task in given_up:
        task.cancel()
    await asyncio.gather(*given_up, return_exceptions=True)
    assert await asyncio.wait_for(compute(1, int, "7"), 5) == 7


async def test_long_words_are_worked_on_elsewhere() -> None:
    here = threading.get_ident()
    assert await compute(LONG_FROM_CHARS - 1, threading.get_ident) == here
    assert await compute(LONG_FROM_CHARS, threading.get_ident) != here

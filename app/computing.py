"""Where words are worked on: those of a usual visit on the event loop, one at a time, long ones in a thread."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

# Some 3,500 words, which take about as long as a thread may keep the interpreter to itself anyway.
LONG_FROM_CHARS = 20_000
Given = ParamSpec("Given")
Result = TypeVar("Result")
_TURNS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


async def compute(chars: int, work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result:
    """What `work` makes of so many characters.

    Python computes on one processor at a time. A thread would be given it and lose it again at every answer that the
    loop reads, which costs more than the computation of a usual visit; only a long one would hold up others too long.
    Visits that come together take turns, one in every other round of the loop: all end sooner if short steps need not
    wait for long ones, and those who came together drift apart (docs/decisions/0025-rounds-of-the-event-loop.md).
    """
    if chars >= LONG_FROM_CHARS:
        return await asyncio.to_thread(work, *given, **named)
    loop = asyncio.get_running_loop()
    turn = _TURNS.setdefault(loop, asyncio.Lock())
    # What was begun just before, a call to a model for example, goes out first: aiohttp writes it in the next round.
    await asyncio.sleep(0)
    await turn.acquire()
    try:
        return work(*given, **named)
    finally:
        loop.call_soon(turn.release)  # in the next round; whoever waits is woken for the one after it

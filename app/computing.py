"""Where words are worked on: those of a usual visit on the event loop, a few at a time, long ones in a thread."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

# Some 3,500 words, which take about as long as a thread may keep the interpreter to itself anyway.
LONG_FROM_CHARS = 20_000
# In one round of the event loop.
AT_ONCE = 3
Given = ParamSpec("Given")
Result = TypeVar("Result")
_PLACES: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def compute(chars: int, work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result:
    """What `work` makes of so many characters.

    Python computes on one processor at a time. A thread would be given it and lose it again at every answer that the
    loop reads, which costs more than the computation of a usual visit; only a long one would hold up others too long.
    Visits that come together take turns, so that the short steps of others go on between them.
    """
    if chars >= LONG_FROM_CHARS:
        return await asyncio.to_thread(work, *given, **named)
    loop = asyncio.get_running_loop()
    places = _PLACES.setdefault(loop, asyncio.Semaphore(AT_ONCE))
    # What was begun just before, a call to a model for example, goes out first: aiohttp writes it in the next round.
    await asyncio.sleep(0)
    await places.acquire()
    try:
        return work(*given, **named)
    finally:
        loop.call_soon(places.release)

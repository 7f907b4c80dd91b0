"""Where words are worked on: those of a usual visit on the event loop, long ones in a thread."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

# Some 3,500 words, which take about as long as a thread may keep the interpreter to itself anyway.
LONG_FROM_CHARS = 20_000
Given = ParamSpec("Given")
Result = TypeVar("Result")


async def compute(chars: int, work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result:
    """What `work` makes of so many characters.

    Python computes on one processor at a time. A thread would be given it and lose it again at every answer that the
    loop reads, which costs more than the computation of a usual visit; only a long one would hold up others too long.
    """
    if chars < LONG_FROM_CHARS:
        return work(*given, **named)
    return await asyncio.to_thread(work, *given, **named)

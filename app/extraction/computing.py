"""Where a visit is computed on: a usual one on the event loop, a long one in a thread."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from app.extraction.visit import Visit

# Some 3,500 words, which take about as long as a thread may keep the interpreter to itself anyway.
LONG_FROM_CHARS = 20_000
Given = ParamSpec("Given")
Result = TypeVar("Result")


async def compute(visit: Visit, work: Callable[Given, Result], *given: Given.args, **named: Given.kwargs) -> Result:
    """What `work` makes of the visit.

    Python computes on one processor at a time. A thread would be given it and lose it again at every answer that the
    loop reads, which costs more than the computation of a usual visit; only a long one would hold up others too long.
    """
    if len(visit.text) < LONG_FROM_CHARS:
        return work(*given, **named)
    return await asyncio.to_thread(work, *given, **named)

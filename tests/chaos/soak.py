"""The soak: minutes of mixed requests against a provider that fails in every way, and the slope of the memory."""

import asyncio
import itertools
import os
import time
import uuid
from collections import Counter
from typing import Any

import httpx
import numpy as np

from app.db.embedded import EmbeddedServer
from tests.chaos.rows import JSON
from tests.chaos.stage import GOOD, VISIT, Stage, staged
from tests.scripted_provider import Reply, content, failure

# Above this many megabytes for each thousand requests, something is kept that should not be.
MOST_MB = 2.0
CLIENTS = 12
_FAULTS = (
    failure(429, retry_after="0"),
    failure(500, retry_after="0"),
    Reply(b"<html>"),
    content(None, refusal="no"),
    content("nonsense"),
)


async def soak(server: EmbeddedServer) -> tuple[str, bool]:
    """Good answers, faults, bad bodies, streams, repeated keys and clients that leave, for CHAOS_SOAK_S seconds."""
    seconds = float(os.environ.get("CHAOS_SOAK_S", "150"))
    turn = itertools.count()

    def reply(_: dict[str, Any]) -> Reply:
        at = next(turn)
        return _FAULTS[at // 6 % len(_FAULTS)] if at % 6 == 5 else GOOD

    statuses: Counter[str] = Counter()
    readings: list[tuple[int, float]] = []
    # A cache that grows to its bound would look like a leak in so short a time: here it has reached it soon.
    small = {"LLM_BREAKER_FAILURES": "1000", "EMBEDDING_CACHE_ENTRIES": "64"}
    async with staged(server, reply, **small) as stage:
        tasks = [asyncio.create_task(_client(stage, number, statuses)) for number in range(CLIENTS)]
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            await asyncio.sleep(2)
            readings.append((statuses.total(), stage.memory_mb()))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    # The first half warms caches and pools up to their bounds.
    requests, memory = np.array(readings[len(readings) // 2 :]).T
    slope = 1000 * float(np.polyfit(requests, memory, 1)[0])
    told = f"{statuses.total()} requests {dict(statuses)}, {memory[-1]:.0f} MB, {slope:+.2f} MB per 1,000 requests"
    return told, slope < MOST_MB and not set(statuses) - {"200", "201", "204", "400", "422", "502", "503", "left"}


async def _client(stage: Stage, number: int, statuses: Counter[str]) -> None:
    for turn in itertools.count(number):
        try:
            statuses[await _request(stage, turn)] += 1
        except httpx.TransportError:
            statuses["broken"] += 1


async def _request(stage: Stage, turn: int) -> str:
    """One of eight kinds."""
    match turn % 8:
        case 0:
            return str((await stage.client.post("/extract", content=b"[" * 10_000, headers=JSON)).status_code)
        case 1:
            return str((await stage.post(transcript=" ")).status_code)
        case 2:
            return str((await stage.post(headers={"Accept": "text/event-stream"})).status_code)
        case 3:
            key = {"Idempotency-Key": uuid.uuid4().hex}
            await stage.post(headers=key)
            return str((await stage.post(headers=key)).status_code)
        case 4:
            return await _leave(stage)
        case 5:
            return str((await stage.client.get("/metrics")).status_code)
        case _:
            return str((await stage.post(transcript=f"{VISIT}Doctor: {uuid.uuid4().hex}.\n")).status_code)


async def _leave(stage: Stage) -> str:
    try:
        await asyncio.wait_for(stage.post(), 0.03)
    except TimeoutError:
        return "left"
    return "201"

"""More than the service can do: some wait a moment, the rest are told at once, and those at work go on as ever."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.conftest import VISIT, Logged, OpenService, Service, new_user, serving
from tests.scripted_provider import Reply, ScriptedProvider, answer


class Gate:
    """A model that answers when told."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.asked = 0

    async def __call__(self, _body: dict[str, Any]) -> Reply:
        self.asked += 1
        await self.open.wait()
        return answer()


def posted(service: Service, **headers: str) -> "asyncio.Task[httpx.Response]":
    body = {"transcript": VISIT, "user": new_user()}
    return asyncio.create_task(service.client.post("/extract", json=body, headers=headers))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what it waits for tells nobody
            await asyncio.sleep(0.01)


def shown(service: Service, name: str) -> int:
    found = re.search(rf"^medextract_extractions_{name} ([\d.]+)", service.parts.metrics.exposition().decode(), re.M)
    assert found
    return int(float(found[1]))


@pytest.fixture
def gate() -> Gate:
    return Gate()


Full = Callable[..., Awaitable[tuple[Service, "list[asyncio.Task[httpx.Response]]"]]]


@pytest.fixture
def full(open_service: OpenService, gate: Gate) -> Full:
    """A service whose two places are taken, by model calls that wait."""

    async def opened(**settings: Any) -> tuple[Service, "list[asyncio.Task[httpx.Response]]"]:
        service = await open_service(ScriptedProvider(gate), **{"extract_at_once": 2, "extract_wait_s": 30, **settings})
        at_work = [posted(service), posted(service)]
        await until(lambda: gate.asked == 2)
        return service, at_work

    return opened


async def test_one_too_many_is_refused_and_told_when_to_come_back(full: Full, gate: Gate, logged: Logged) -> None:
    service, at_work = await full(extract_line=0, extract_wait_s=2)
    refused = await posted(service)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert refused.json()["type"].endswith(":overloaded")
    assert refused.json()["retryable"] is True
    assert refused.headers["x-request-id"] == refused.json()["instance"]
    told = [line for line in logged() if line["event"] == "request"]
    assert [(line["route"], line["status"], line["problem"]) for line in told] == [("/extract", 503, "overloaded")]
    assert (shown(service, "in_flight"), shown(service, "waiting"), shown(service, "refused_total")) == (2, 0, 1)
    gate.open.set()
    assert [(await task).status_code for task in at_work] == [201, 201]
    assert shown(service, "in_flight") == 0
    assert (await posted(service)).status_code == 201


async def test_the_line_is_served_in_order(open_service: OpenService, gate: Gate) -> None:
    service = await open_service(ScriptedProvider(gate), extract_at_once=1, extract_line=3, extract_wait_s=30)
    served: list[int] = []
    tasks = []
    for number in range(4):
        tasks.append(posted(service))
        tasks[-1].add_done_callback(lambda _, number=number: served.append(number))
        await until(lambda number=number: (gate.asked, shown(service, "waiting")) == (1, number))
    assert (await posted(service)).status_code == 503
    gate.open.set()
    assert [(await task).status_code for task in tasks] == [201] * 4
    assert served == [0, 1, 2, 3]
    assert (shown(service, "in_flight"), shown(service, "waiting")) == (0, 0)


async def test_nobody_waits_longer_than_the_setting(full: Full, gate: Gate) -> None:
    service, at_work = await full(extract_line=1, extract_wait_s=0.1)
    assert (await posted(service)).status_code == 503
    assert gate.asked == 2
    gate.open.set()
    await asyncio.gather(*at_work)
    assert (await posted(service)).status_code == 201


async def test_who_gives_up_waiting_makes_room(full: Full, gate: Gate) -> None:
    service, at_work = await full(extract_line=1)
    gone = posted(service)
    await until(lambda: shown(service, "waiting") == 1)
    gone.cancel()
    await until(lambda: shown(service, "waiting") == 0)
    stays = posted(service)
    await until(lambda: shown(service, "waiting") == 1)
    gate.open.set()
    assert [(await task).status_code for task in [*at_work, stays]] == [201] * 3
    assert gate.asked == 3


async def test_a_client_that_hangs_up_in_line_makes_room(open_service: OpenService, gate: Gate) -> None:
    """Over a real socket, with a body that has arrived whole."""
    service = await open_service(ScriptedProvider(gate), extract_at_once=1, extract_line=1, extract_wait_s=30)
    async with serving(service.app) as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        at_work = asyncio.create_task(client.post("/extract", json={"transcript": VISIT}))
        await until(lambda: gate.asked == 1)
        gone = asyncio.create_task(client.post("/extract", json={"transcript": VISIT}))
        await until(lambda: shown(service, "waiting") == 1)
        gone.cancel()
        await until(lambda: shown(service, "waiting") == 0)
        gate.open.set()
        assert (await at_work).status_code == 201
        assert gate.asked == 1


async def test_a_body_that_came_while_waiting_is_read_whole(open_service: OpenService, gate: Gate) -> None:
    service = await open_service(ScriptedProvider(gate), extract_at_once=1, extract_line=1, extract_wait_s=30)
    long = "Doctor: Drink tea. " + "word " * 30_000
    async with serving(service.app) as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        at_work = asyncio.create_task(client.post("/extract", json={"transcript": VISIT}))
        await until(lambda: gate.asked == 1)
        waits = asyncio.create_task(client.post("/extract", json={"transcript": long}))
        await until(lambda: shown(service, "waiting") == 1)
        gate.open.set()
        assert (await at_work).status_code == 201
        told = (await waits).json()
    assert (await service.get(f"/transcripts/{told['transcript_id']}"))["text"] == long


async def test_a_stream_keeps_its_place_to_the_end(open_service: OpenService, gate: Gate) -> None:
    service = await open_service(ScriptedProvider(gate), extract_at_once=1, extract_line=0)
    streamed = posted(service, accept="text/event-stream")
    await until(lambda: gate.asked == 1)
    assert (await posted(service)).status_code == 503
    gate.open.set()
    assert "event: result" in (await streamed).text
    assert (await posted(service)).status_code == 201


async def test_reads_and_probes_are_not_held_back(full: Full, gate: Gate) -> None:
    service, at_work = await full(extract_line=0)
    for path in ("/livez", "/readyz", "/metrics", "/extractions", "/sops", "/timings"):
        assert (await service.client.get(path)).status_code in (200, 204)
    gate.open.set()
    await asyncio.gather(*at_work)


async def test_a_failed_extraction_gives_its_place_back(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(), extract_at_once=1, extract_line=0)
    for body in (b"{", b'{"transcript": " "}'):
        wrong = await service.client.post("/extract", content=body, headers={"content-type": "application/json"})
        assert wrong.status_code in (400, 422)
    assert (await posted(service)).status_code == 201

"""The event stream of `POST /extract`: each phase as it ends, then one result or one problem."""

import asyncio
import uuid
from typing import Any

import httpx
import orjson
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from app.timings import PHASES
from tests.conftest import (
    VISIT,
    Logged,
    OpenService,
    Service,
    new_user,
    running_service,
    scripted_settings,
    serving,
)
from tests.scripted_provider import ScriptedProvider, answer, failure

STREAM = {"Accept": "text/event-stream"}


def events(body: str) -> list[tuple[str, dict[str, Any]]]:
    """(event, data) of each block, read as the HTML standard says."""
    blocks = [dict(line.split(": ", 1) for line in block.split("\n")) for block in body.strip().split("\n\n")]
    return [(block["event"], orjson.loads(block["data"])) for block in blocks]


async def test_phases_come_first_and_then_one_result(scripted: Service) -> None:
    response = await scripted.client.post("/extract", json={"transcript": VISIT, "user": new_user()}, headers=STREAM)
    assert response.headers["content-type"].startswith("text/event-stream")
    told = events(response.text)
    assert [kind for kind, _ in told] == ["phase"] * len(PHASES) + ["result"]
    assert {data["phase"] for _, data in told[:-1]} == set(PHASES)
    assert not any(data["failed"] for _, data in told[:-1])
    result = told[-1][1]
    await scripted.parts.timings_log.flush()
    read = await scripted.get(f"/extractions/{result['id']}")
    assert read == {**result, "review": read["review"] | result["review"]}
    for _, data in told[:-1]:
        assert result["timings"]["phases"][data["phase"]] == {"start_ms": data["start_ms"], "ms": data["ms"]}


async def test_a_failure_ends_the_stream_with_a_problem(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(failure(401)))
    headers = {**STREAM, "X-Request-ID": "stream-1"}
    response = await service.client.post("/extract", json={"transcript": VISIT, "user": new_user()}, headers=headers)
    told = events(response.text)
    kind, problem = told[-1]
    assert kind == "problem"
    assert (problem["status"], problem["phase"], problem["instance"]) == (502, "llm_extraction", "stream-1")
    assert [data["phase"] for kind, data in told if kind == "phase" and data["failed"]] == ["llm_extraction"]
    assert (await service.last_run())["state"] == "failed"


async def test_a_failed_stream_is_counted_and_logged_as_the_failure_it_is(
    open_service: OpenService, logged: Logged
) -> None:
    service = await open_service(ScriptedProvider(failure(401)))
    body = {"transcript": VISIT, "user": new_user()}
    response = await service.client.post("/extract", json=body, headers=STREAM)
    assert response.status_code == 200
    line = next(line for line in logged() if line["event"] == "request")
    assert (line["level"], line["status"], line["problem"]) == ("error", 502, "provider-misconfigured")
    counted = (await service.client.get("/metrics")).text
    assert 'medextract_requests_total{route="/extract",status="502"} 1.0' in counted
    assert 'route="/extract",status="200"' not in counted


async def test_bad_input_is_a_plain_problem_also_for_a_stream(scripted: Service) -> None:
    response = await scripted.client.post("/extract", json={"transcript": " "}, headers=STREAM)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


async def test_events_arrive_while_the_model_still_works(open_service: OpenService) -> None:
    """Over a real socket: the context's phases are there before the model has answered."""
    going_on = asyncio.Event()

    async def when_told(_: dict[str, Any]) -> Any:
        await going_on.wait()
        return answer()

    service = await open_service(ScriptedProvider(when_told))
    seen: list[str] = []
    async with serving(service.app) as url, httpx.AsyncClient(trust_env=False) as client:
        body = {"transcript": VISIT, "user": new_user()}
        async with client.stream("POST", f"{url}/extract", json=body, headers=STREAM, timeout=20) as response:
            async for line in response.aiter_lines():
                seen.append(line)
                if '"phase":"open_run"' in line:
                    assert not any("llm_extraction" in before for before in seen)
                    going_on.set()
    assert "event: result" in seen


async def test_a_client_that_leaves_after_the_model_call_began_leaves_a_finished_run(open_service: OpenService) -> None:
    called, going_on = asyncio.Event(), asyncio.Event()

    async def when_told(_: dict[str, Any]) -> Any:
        called.set()
        await going_on.wait()
        return answer(summary="Paid for.")

    service = await open_service(ScriptedProvider(when_told))
    async with serving(service.app) as url, httpx.AsyncClient(trust_env=False) as client:
        for headers in ({}, STREAM):
            called.clear()
            going_on.clear()
            posting = asyncio.create_task(
                client.post(f"{url}/extract", json={"transcript": VISIT, "user": new_user()}, headers=headers)
            )
            await asyncio.wait_for(called.wait(), 10)
            posting.cancel()
            await asyncio.wait([posting])
            await asyncio.sleep(0.05)
            going_on.set()
            async with asyncio.timeout(10):
                while (run := await service.last_run())["state"] == "running":  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            assert (run["state"], run["extraction"]["summary"]) == ("succeeded", "Paid for."), headers


async def test_the_service_ends_after_a_stream_whose_client_has_left(
    database_url: URL, connection: AsyncConnection
) -> None:
    called = asyncio.Event()

    async def when_told(_: dict[str, Any]) -> Any:
        called.set()
        await asyncio.sleep(0.5)
        return answer(summary="Paid for.")

    user = {"external_id": uuid.uuid4().hex}
    async with (
        running_service(scripted_settings(database_url), ScriptedProvider(when_told)) as service,
        serving(service.app) as url,
        httpx.AsyncClient(trust_env=False) as client,
    ):
        body = {"transcript": VISIT, "user": user}
        posting = asyncio.create_task(client.post(f"{url}/extract", json=body, headers=STREAM))
        await asyncio.wait_for(called.wait(), 10)
        posting.cancel()
        await asyncio.wait([posting])
    states = "SELECT state FROM extractions JOIN users ON users.id = user_id WHERE external_id = :external_id"
    assert (await connection.execute(text(states), user)).scalars().all() == ["succeeded"]

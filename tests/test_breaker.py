"""The circuit breaker before a model: it opens for faults of the server alone, and one probe decides when it closes."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.conftest import VISIT, Logged, OpenService, Service, new_user
from tests.scripted_provider import Reply, ScriptedProvider, answer, content, failure

FAULT = failure(500, retry_after="0")
# In use, 15 s: here as long as a test wants to look at it, or to wait for it.
LONG, SHORT = {"llm_breaker_open_s": 600}, {"llm_breaker_open_s": 0.2}


async def post(service: Service) -> httpx.Response:
    response: httpx.Response = await service.client.post("/extract", json={"transcript": VISIT, "user": new_user()})
    return response


def kind(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["type"].rpartition(":")[2]


async def test_an_open_breaker_refuses_before_anything_is_done(open_service: OpenService, logged: Logged) -> None:
    service = await open_service(ScriptedProvider(FAULT), llm_breaker_failures=3, **LONG)
    assert kind(await post(service)) == (503, "provider-unavailable")
    before, calls = await service.last_run(), len(service.provider.calls)
    refused = [await post(service) for _ in range(20)]
    assert {kind(response) for response in refused} == {(503, "provider-paused")}
    assert {int(response.headers["retry-after"]) for response in refused} <= set(range(1, 601))
    assert refused[0].json()["retryable"] is True
    assert len(service.provider.calls) == calls
    assert await service.last_run() == before
    lines = [line for line in logged() if line["event"] == "request" and line.get("problem") == "provider-paused"]
    assert {line["level"] for line in lines} == {"info"}


async def test_it_opens_within_one_call_when_that_fails_often_enough(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(FAULT), llm_breaker_failures=2, **LONG)
    assert kind(await post(service)) == (503, "provider-unavailable")
    assert len(service.provider.chats) == 2


NO_FAULTS = {
    "too_long": failure(413),
    "rate_limited": failure(429, retry_after="600"),
    "misconfigured": failure(401),
    "refused": content(None, refusal="no"),
    "not_json": Reply(b"<html>"),
}


@pytest.mark.parametrize("reply", NO_FAULTS.values(), ids=NO_FAULTS)
async def test_what_is_no_fault_of_the_server_does_not_count(open_service: OpenService, reply: Reply) -> None:
    service = await open_service(ScriptedProvider(reply), llm_breaker_failures=1, **LONG)
    first, second = await post(service), await post(service)
    assert kind(first) == kind(second) != (503, "provider-paused")


async def test_an_answer_in_between_begins_the_count_anew(open_service: OpenService) -> None:
    provider = ScriptedProvider(FAULT, FAULT, answer(), FAULT, FAULT, answer())
    service = await open_service(provider, llm_breaker_failures=3, **LONG)
    assert [(await post(service)).status_code for _ in range(2)] == [201, 201]


async def test_one_probe_goes_through_and_closes_it(open_service: OpenService, logged: Logged) -> None:
    going_on = asyncio.Event()

    async def when_told(_: dict[str, Any]) -> Reply:
        await going_on.wait()
        return answer()

    provider = ScriptedProvider(FAULT, when_told)
    service = await open_service(provider, llm_breaker_failures=1, llm_attempts=1, **SHORT)
    assert kind(await post(service)) == (503, "provider-unavailable")
    assert 'medextract_breaker_open{target="chat/gpt-4.1-mini"} 1.0' in (await service.client.get("/metrics")).text
    await asyncio.sleep(0.3)
    many = [asyncio.create_task(post(service)) for _ in range(20)]
    done, _ = await asyncio.wait(many, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    while len(done) < 19:
        more, _ = await asyncio.wait(set(many) - done, timeout=10, return_when=asyncio.FIRST_COMPLETED)
        assert more
        done |= more
    assert {kind(task.result()) for task in done} == {(503, "provider-paused")}
    assert len(provider.chats) == 2
    going_on.set()
    assert sorted(response.status_code for response in await asyncio.gather(*many)) == [201] + [503] * 19
    assert (await post(service)).status_code == 201
    assert 'medextract_breaker_open{target="chat/gpt-4.1-mini"} 0.0' in (await service.client.get("/metrics")).text
    changes = [(line["state"], line["level"]) for line in logged() if line["event"] == "breaker"]
    assert changes == [("open", "warning"), ("half_open", "info"), ("closed", "info")]


async def test_a_probe_that_fails_opens_it_again(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(FAULT), llm_breaker_failures=1, **SHORT)
    await post(service)
    await asyncio.sleep(0.3)
    assert kind(await post(service)) == (503, "provider-unavailable")
    assert len(service.provider.chats) == 2
    assert kind(await post(service)) == (503, "provider-paused")


async def test_a_probe_that_is_cancelled_leaves_the_place_to_another(open_service: OpenService) -> None:
    """Here by the deadline of a judge's call; the breaker itself is asked, since nothing else cancels a probe."""
    service = await open_service(ScriptedProvider(FAULT), llm_breaker_failures=1, **SHORT)
    await post(service)
    await asyncio.sleep(0.3)
    breaker = service.parts.provider.models[0].breaker
    with pytest.raises(asyncio.CancelledError), breaker.attempt():
        raise asyncio.CancelledError
    assert breaker.open_for_s() is None


async def test_embeddings_have_a_breaker_of_their_own(open_service: OpenService) -> None:
    provider = ScriptedProvider(answer(), embeddings=[FAULT] * 9)
    service = await open_service(provider, llm_breaker_failures=3, **LONG)
    for _ in range(2):
        assert (await service.extract())["degraded"] == ["similarity", "embedding"]
    assert len(provider.embedded) == 3

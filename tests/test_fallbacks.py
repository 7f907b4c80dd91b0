"""Fallback models: who is asked next and why, in which time, and what the answer says of who served it."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.conftest import VISIT, Logged, OpenService, Service, new_user
from tests.scripted_provider import Reply, ScriptedProvider, answer, content, failure, medication

FAULT = failure(500, retry_after="0")
BY_B = answer(summary="By b.", medication_instructions=[medication("ibuprofen", 1, "Take ibuprofen 400 mg")])
FAULTS = {
    "refused": content(None, refusal="no"),
    "filtered": content("x", finish_reason="content_filter"),
    "unavailable": FAULT,
    "rate_limited_for_long": failure(429, retry_after="600"),
    "unusable_twice": content("nonsense"),
    "cut_off_twice": content("{", finish_reason="length"),
}


class TwoModels:
    """A server with two models, `a` and `b`, each with its reply."""

    def __init__(self, a: Reply, b: Reply = BY_B) -> None:
        self._replies = {"a": a, "b": b}

    def __call__(self, body: dict[str, Any]) -> Reply:
        return self._replies[body["model"]]


async def open_two(open_service: OpenService, a: Reply, b: Reply = BY_B, **overrides: Any) -> Service:
    settings = {"llm_model": "a", "llm_fallbacks": "b", **overrides}
    service: Service = await open_service(ScriptedProvider(TwoModels(a, b)), **settings)
    return service


def asked(service: Service) -> list[str]:
    assert service.provider is not None
    return [body["model"] for body in service.provider.chats]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_the_second_model_serves_when_the_first_does_not(
    open_service: OpenService, logged: Logged, fault: Reply
) -> None:
    service = await open_two(open_service, fault)
    told = await service.extract()
    assert told["extraction"]["summary"] == "By b."
    assert set(asked(service)) == {"a", "b"}
    assert asked(service)[-1] == "b"
    assert (await service.get(f"/extractions/{told['id']}"))["state"] == "succeeded"
    warned = {line["event"]: line for line in logged() if line["level"] == "warning"}
    assert warned["fallback_served"]["model"] == "b"
    assert 'medextract_fallbacks_total{model="b"} 1.0' in (await service.client.get("/metrics")).text


@pytest.mark.parametrize(
    "fault", [failure(401), failure(404), failure(413)], ids=["wrong key", "wrong name", "too long"]
)
async def test_what_somebody_has_to_mend_is_not_covered_up(open_service: OpenService, fault: Reply) -> None:
    service = await open_two(open_service, fault)
    response = await service.client.post("/extract", json={"transcript": VISIT, "user": new_user()})
    assert response.status_code in (502, 422)
    assert asked(service) == ["a"]


async def test_an_open_breaker_hands_over_at_once(open_service: OpenService) -> None:
    service = await open_two(open_service, FAULT, llm_breaker_failures=3, llm_breaker_open_s=600)
    await service.extract()
    await service.extract()
    assert asked(service) == ["a", "a", "a", "b", "b"]


async def test_all_breakers_open_is_one_refusal(open_service: OpenService) -> None:
    service = await open_two(open_service, FAULT, FAULT, llm_breaker_failures=3, llm_breaker_open_s=600)
    body = {"transcript": VISIT, "user": new_user()}
    answers = [await service.client.post("/extract", json=body) for _ in range(2)]
    assert [response.json()["type"].rpartition(":")[2] for response in answers] == [
        "provider-unavailable",
        "provider-paused",
    ]
    assert asked(service) == ["a", "a", "a", "b", "b", "b"]


async def test_the_rules_engine_is_named_and_reviewed(open_service: OpenService, logged: Logged) -> None:
    service = await open_two(open_service, FAULT, FAULT, llm_fallbacks="b,offline", review_risk_target=1.0)
    told = await service.extract()
    assert (told["model"]["provider"], told["model"]["name"]) == ("offline", "rules-1")
    assert [item["medication_name"] for item in told["extraction"]["medication_instructions"]] == ["ibuprofen"]
    assert told["review"]["status"] == "pending"
    assert "served_by_rules_engine" in told["review"]["reasons"]
    assert [line["model"] for line in logged() if line["event"] == "fallback_served"] == ["rules-1"]
    assert told["degraded"] == []


async def test_another_model_is_no_reason_for_a_review(open_service: OpenService) -> None:
    service = await open_two(open_service, FAULT, review_risk_target=1.0)
    assert "served_by_rules_engine" not in (await service.extract())["review"]["reasons"]


@pytest.mark.parametrize("fallbacks", ["b", "offline"])
async def test_a_model_that_hangs_leaves_time_for_the_next(open_service: OpenService, fallbacks: str) -> None:
    slow = answer(delay_s=60)
    service = await open_two(open_service, slow, llm_fallbacks=fallbacks, request_deadline_s=4)
    told = await service.extract()
    assert asked(service)[0] == "a"
    share = told["timings"]["phases"]["llm_extraction"]["ms"] / 4000
    assert (0.4 if fallbacks == "b" else 0.8) < share


async def test_without_fallbacks_a_model_has_all_the_time(open_service: OpenService) -> None:
    service = await open_two(open_service, answer(delay_s=1.5), llm_fallbacks=None, request_deadline_s=2.9)
    assert (await service.extract())["state"] == "succeeded"


async def test_fifty_at_once_are_all_served_by_the_second(open_service: OpenService) -> None:
    service = await open_two(open_service, FAULT)
    service.provider.database = None  # type: ignore[union-attr]  # others' short reads go on beside a model call
    bodies = [{"transcript": VISIT, "user": new_user()} for _ in range(50)]
    answers: list[httpx.Response] = await asyncio.gather(
        *(service.client.post("/extract", json=body) for body in bodies)
    )
    assert {response.status_code for response in answers} == {201}
    assert {response.json()["extraction"]["summary"] for response in answers} == {"By b."}

"""Servers that call themselves OpenAI-compatible differ: each refusal of a parameter is learnt once, and lived with."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import orjson
import pytest

from tests.conftest import VISIT, OpenService, new_user
from tests.scripted_provider import Reply, ScriptedProvider, answer, content, failure, medication

GOOD = answer(medication_instructions=[medication("ibuprofen", 1, "Take ibuprofen 400 mg")])


def picky(*refused: str) -> Any:
    """A chat that answers well only when none of the refused parameters, or formats of the answer, is sent."""

    def reply(body: dict[str, Any]) -> Reply:
        for name in refused:
            if name in body or body.get("response_format", {}).get("type") == name:
                return failure(400, f"Unsupported parameter: '{name}'")
        return GOOD

    return reply


@pytest.mark.parametrize(
    "refused",
    [
        ("json_schema",),
        ("json_schema", "json_object"),
        ("response_format",),
        ("temperature",),
        ("max_completion_tokens",),
        ("temperature", "json_schema", "max_completion_tokens"),
    ],
    ids=" and ".join,
)
async def test_a_refused_parameter_is_left_out_from_then_on(
    open_service: OpenService, refused: tuple[str, ...]
) -> None:
    service = await open_service(ScriptedProvider(picky(*refused)))
    first = await service.extract()
    calls = len(service.provider.chats)
    await service.extract()
    assert len(first["extraction"]["medication_instructions"]) == 1
    assert len(service.provider.chats) == calls + 1
    last = service.provider.chats[-1]
    assert not set(refused) & set(last)
    assert "max_tokens" in last or "max_completion_tokens" in last
    if last.get("response_format", {}).get("type") != "json_schema":
        assert "JSON schema" in last["messages"][0]["content"]


async def test_parallel_first_requests_all_learn_it(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(picky("json_schema", "json_object")))
    told = await asyncio.gather(*(service.extract() for _ in range(4)))
    assert [one["state"] for one in told] == ["succeeded"] * 4


async def test_a_server_that_refuses_everything_is_misconfigured(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(failure(400, "Unsupported parameter: 'response_format'")))
    response = await service.client.post("/extract", json={"transcript": VISIT, "user": new_user()})
    assert (response.status_code, response.json()["type"].rpartition(":")[2]) == (502, "provider-misconfigured")


@pytest.mark.parametrize("asked", ["inf", "1e300", "nan", "-5", "soon"])
async def test_a_senseless_retry_after_is_no_accident(open_service: OpenService, asked: str) -> None:
    # Without a sense it is waited as without a header, up to 1.5 s: a deadline of 2 s was near that on a busy machine.
    service = await open_service(ScriptedProvider(failure(429, retry_after=asked)), request_deadline_s=10)
    response = await service.client.post("/extract", json={"transcript": VISIT, "user": new_user()})
    assert (response.status_code, response.json()["type"].rpartition(":")[2]) == (503, "provider-rate-limited")
    assert 1 <= int(response.headers["retry-after"]) <= 3600


async def test_a_retry_after_may_be_a_date(open_service: OpenService) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=600), usegmt=True)
    service = await open_service(ScriptedProvider(failure(503, retry_after=date)))
    response = await service.client.post("/extract", json={"transcript": VISIT, "user": new_user()})
    assert 500 < int(response.headers["retry-after"]) <= 600


async def test_an_outage_tells_when_to_come_back_even_if_the_provider_does_not(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(failure(500)), llm_attempts=1)
    response = await service.client.post("/extract", json={"transcript": VISIT, "user": new_user()})
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")


async def test_an_error_with_an_endless_body_is_cut(open_service: OpenService) -> None:
    endless = Reply(b"x" * 5_000_000, 500)
    service = await open_service(ScriptedProvider(endless), llm_attempts=1, llm_response_limit_bytes=10_000)
    response = await service.client.post("/extract", json={"transcript": VISIT, "user": new_user()})
    assert (response.status_code, response.json()["type"].rpartition(":")[2]) == (503, "provider-unavailable")


async def test_slow_embeddings_cost_one_budget_not_three(open_service: OpenService) -> None:
    slow = Reply(b"{}", delay_s=5)
    provider = ScriptedProvider(GOOD, embeddings=[slow, slow, slow, slow, slow, slow])
    service = await open_service(provider, embedding_timeout_s=0.2)
    began = time.perf_counter()
    told = await service.extract()
    assert told["degraded"] == ["similarity", "embedding"]
    assert time.perf_counter() - began < 3 * 2 * 0.2 + 1


async def test_a_vector_of_the_wrong_shape_degrades(open_service: OpenService) -> None:
    nested = Reply(orjson.dumps({"data": [{"embedding": [[0.5]] * 256}]}))
    told = await (await open_service(ScriptedProvider(GOOD, embeddings=[nested]))).extract()
    assert told["degraded"] == ["similarity"]


@pytest.mark.parametrize(
    "wrapped",
    [
        "```json\n{}\n```",
        "Sure! Here is the JSON:\n{}",
        "<think>The patient {may} need…</think>\n{}",
        "{}\nHope it helps.",
    ],
    ids=["fence", "preface", "thoughts", "postscript"],
)
async def test_talk_around_the_json_is_left_aside(open_service: OpenService, wrapped: str) -> None:
    whole = orjson.loads(GOOD.body)["choices"][0]["message"]["content"]
    told = await (await open_service(ScriptedProvider(content(wrapped.replace("{}", whole))))).extract()
    assert len(told["extraction"]["medication_instructions"]) == 1


async def test_a_lone_surrogate_costs_no_more_than_itself(open_service: OpenService) -> None:
    whole = orjson.loads(GOOD.body)["choices"][0]["message"]["content"].replace("A visit.", "A \\ud800 visit.")
    told = await (await open_service(ScriptedProvider(content(whole)))).extract()
    assert told["extraction"]["summary"] == "A ? visit."
    assert len(told["extraction"]["medication_instructions"]) == 1


async def test_an_item_without_a_subject_is_set_aside(open_service: OpenService) -> None:
    nameless = medication("  ", 1, "Take ibuprofen 400 mg")
    told = await (await open_service(ScriptedProvider(answer(medication_instructions=[nameless])))).extract()
    assert told["extraction"]["medication_instructions"] == []
    assert [entry["reason"] for entry in told["evaluation"]["ledger"]["rejected"]] == ["empty"]
    assert "items_rejected" in told["review"]["reasons"]

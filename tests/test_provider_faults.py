"""Each fault of a model provider: what the client is told, what the run remembers, and how often it was tried."""

import time
from typing import Any

import pytest

from app.findings import ITEM_TYPES
from tests.conftest import VISIT, Logged, OpenService, Service, new_user
from tests.scripted_provider import (
    Reply,
    ScriptedProvider,
    answer,
    answer_text,
    completion,
    content,
    failure,
    medication,
)

AT_ONCE = {"retry_after": "0"}
GOOD = answer(medication_instructions=[medication("ibuprofen", 1, "Take ibuprofen 400 mg")])
HTML = Reply(b"<html><body>Gateway</body></html>", headers={"content-type": "text/html"})
ELSEWHERE = Reply(b"", 307, {"location": "http://elsewhere.invalid/v1/chat/completions"})


async def post(service: Service, **fields: Any) -> Any:
    return await service.client.post("/extract", json={"transcript": VISIT, "user": new_user(), **fields})


async def assert_failed_run(service: Service, problem: dict[str, Any]) -> None:
    """The run that was opened says the same as the answer, and holds no result."""
    run = await service.last_run()
    assert (run["state"], run["extraction"], run["review"]) == ("failed", None, None)
    shared = ("type", "title", "status", "detail", "retryable", "phase")
    assert {name: run["problem"][name] for name in shared} == {name: problem[name] for name in shared}
    assert "llm_extraction" in run["timings"]["phases"]
    stored = await service.get(f"/transcripts/{run['transcript_id']}")
    assert stored["text"] == VISIT


@pytest.mark.parametrize(
    "fault",
    [failure(429, **AT_ONCE), failure(500, **AT_ONCE), failure(502, **AT_ONCE), failure(503, **AT_ONCE)],
    ids=lambda fault: str(fault.status),
)
async def test_a_passing_fault_is_tried_again(open_service: OpenService, fault: Reply, logged: Logged) -> None:
    service = await open_service(ScriptedProvider(fault, GOOD))
    told = await service.extract()
    assert told["state"] == "succeeded"
    assert len(told["extraction"]["medication_instructions"]) == 1
    assert len(service.provider.chats) == 2
    retries = [line for line in logged() if line["event"] == "provider_retry"]
    assert [(line["level"], line["attempt"], line["delay_s"]) for line in retries] == [("warning", 1, 0.0)]


async def test_retry_after_is_waited_for(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(failure(429, retry_after="0.3"), GOOD))
    told = await service.extract()
    assert told["timings"]["phases"]["llm_extraction"]["ms"] >= 300


async def test_retry_after_beyond_the_deadline_is_told_at_once(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(failure(429, retry_after="7")), request_deadline_s=5)
    began = time.monotonic()
    response = await post(service)
    assert time.monotonic() - began < 5
    problem = response.json()
    assert (response.status_code, problem["type"]) == (503, "urn:medextract:problem:provider-rate-limited")
    assert response.headers["retry-after"] == "7"
    assert (problem["retryable"], problem["phase"]) == (True, "llm_extraction")
    assert len(service.provider.chats) == 1
    await assert_failed_run(service, problem)


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_lasting_fault_ends_after_three_attempts(open_service: OpenService, status: int) -> None:
    service = await open_service(ScriptedProvider(failure(status, **AT_ONCE)))
    response = await post(service)
    problem = response.json()
    assert (response.status_code, problem["type"]) == (503, "urn:medextract:problem:provider-unavailable")
    assert int(response.headers["retry-after"]) >= 1
    assert problem["retryable"] is True
    assert len(service.provider.chats) == 3
    await assert_failed_run(service, problem)


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_misconfigured_provider_is_asked_once(open_service: OpenService, status: int) -> None:
    service = await open_service(ScriptedProvider(failure(status)))
    response = await post(service)
    problem = response.json()
    assert (response.status_code, problem["type"]) == (502, "urn:medextract:problem:provider-misconfigured")
    assert problem["retryable"] is False
    assert len(service.provider.chats) == 1
    await assert_failed_run(service, problem)


@pytest.mark.parametrize(
    "fault",
    [
        failure(400, code="context_length_exceeded"),
        failure(400, "This model's maximum context length is 8192 tokens."),
        failure(413),
    ],
    ids=["code", "message", "413"],
)
async def test_a_transcript_too_long_for_the_model_is_said_so(
    open_service: OpenService, fault: Reply, logged: Logged
) -> None:
    service = await open_service(ScriptedProvider(fault))
    response = await post(service)
    problem = response.json()
    assert (response.status_code, problem["type"]) == (422, "urn:medextract:problem:transcript-too-long-for-model")
    assert [line["level"] for line in logged() if line["event"] == "request"] == ["warning"]
    assert len(service.provider.chats) == 1
    await assert_failed_run(service, problem)


UNUSABLE = {
    "html": HTML,
    "empty": Reply(b""),
    "not_json": Reply(b'{"choices": ['),
    "an_array": Reply(b"[]"),
    "choices_null": completion({"choices": None}),
    "choices_empty": completion({"choices": []}),
    "choice_not_an_object": completion({"choices": ["x"]}),
    "message_null": completion({"choices": [{"index": 0, "message": None, "finish_reason": "stop"}]}),
    "content_null": content(None),
    "content_blank": content("  "),
    "content_not_text": content(["x"]),
    "answer_not_json": content("I think that the patient should rest."),
    "answer_an_array": content("[]"),
    "answer_without_lists": content('{"summary": "x"}'),
    "answer_list_null": answer(problems=None),
    "answer_list_an_object": answer(clinician_todos={}),
    "summary_a_number": answer(summary=3),
}


@pytest.mark.parametrize("fault", UNUSABLE.values(), ids=UNUSABLE)
async def test_an_unusable_200_is_repaired_once(open_service: OpenService, fault: Reply, logged: Logged) -> None:
    service = await open_service(ScriptedProvider(fault, GOOD))
    told = await service.extract()
    assert len(told["extraction"]["medication_instructions"]) == 1
    first, second = (chat["messages"] for chat in service.provider.chats)
    assert second[: len(first)] == first
    assert "could not be used" in second[-1]["content"]
    unusable = [line for line in logged() if line["event"] == "model_answer_unusable"]
    assert len(unusable) == 1
    assert set(unusable[0]) == {"event", "level", "timestamp", "request_id", "phase", "reason", "size_bytes"}


@pytest.mark.parametrize("fault", UNUSABLE.values(), ids=UNUSABLE)
async def test_twice_unusable_is_a_failure_and_never_an_empty_answer(open_service: OpenService, fault: Reply) -> None:
    service = await open_service(ScriptedProvider(fault))
    response = await post(service)
    problem = response.json()
    assert (response.status_code, problem["type"]) == (502, "urn:medextract:problem:provider-invalid-output")
    assert problem["phase"] == "llm_extraction"
    assert len(service.provider.chats) == 2
    await assert_failed_run(service, problem)


async def test_nothing_to_do_is_an_honest_empty_answer(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(answer(summary="All well.")))
    told = await service.extract()
    assert not any(told["extraction"][category] for category in ITEM_TYPES)
    assert told["review"]["status"] == "pending"
    assert "nothing_found" in told["review"]["reasons"]


async def test_a_bad_element_costs_only_itself(open_service: OpenService) -> None:
    good = medication("ibuprofen", 1, "Take ibuprofen 400 mg")
    bad_enum = {**good, "status": "perhaps"}
    no_quotes = {name: value for name, value in good.items() if name != "evidence"}
    service = await open_service(ScriptedProvider(answer(medication_instructions=[bad_enum, good, "x", no_quotes])))
    told = await service.extract()
    assert len(told["extraction"]["medication_instructions"]) == 1
    ledger = told["evaluation"]["ledger"]
    assert (ledger["raw"], ledger["returned"], ledger["merged"]) == (4, 1, [])
    assert [entry["reason"].split(":")[0] for entry in ledger["rejected"]] == [
        "malformed",
        "not_an_object",
        "malformed",
    ]
    assert "items_rejected" in told["review"]["reasons"]


async def test_a_cut_off_answer_is_asked_for_again_with_more_room(open_service: OpenService) -> None:
    cut = content('{"summary": "x", "follow', finish_reason="length")
    service = await open_service(ScriptedProvider(cut, GOOD), llm_max_output_tokens=500)
    told = await service.extract()
    assert len(told["extraction"]["medication_instructions"]) == 1
    first, second = service.provider.chats
    assert (first["max_completion_tokens"], second["max_completion_tokens"]) == (500, 1000)
    assert first["messages"] == second["messages"]


async def test_a_whole_answer_that_says_it_was_cut_off_is_not_taken(open_service: OpenService) -> None:
    whole_but_cut = content(answer_text(), finish_reason="length")
    service = await open_service(ScriptedProvider(whole_but_cut))
    response = await post(service)
    assert response.json()["type"] == "urn:medextract:problem:provider-invalid-output"
    await assert_failed_run(service, response.json())


@pytest.mark.parametrize(
    "fault",
    [content(None, refusal="I cannot help."), content("x", finish_reason="content_filter")],
    ids=["said", "filter"],
)
async def test_a_refusal_is_a_problem_of_its_own(open_service: OpenService, fault: Reply) -> None:
    service = await open_service(ScriptedProvider(fault))
    response = await post(service)
    problem = response.json()
    assert (response.status_code, problem["type"]) == (502, "urn:medextract:problem:provider-refused")
    assert problem["phase"] == "llm_extraction"
    assert len(service.provider.chats) == 1
    await assert_failed_run(service, problem)


async def test_an_answer_over_the_size_limit_is_not_read_to_its_end(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(content("x" * 3_000_000)))
    response = await post(service)
    assert (response.status_code, response.json()["type"]) == (502, "urn:medextract:problem:provider-invalid-output")
    assert "answer_too_large" in response.json()["detail"]
    await assert_failed_run(service, response.json())


async def test_a_redirect_is_not_followed(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(ELSEWHERE))
    response = await post(service)
    assert response.status_code == 502
    assert service.provider.hosts == {"offline.invalid"}
    assert len(service.provider.chats) == 1
    await assert_failed_run(service, response.json())


async def test_a_server_without_json_schema_gets_the_schema_as_text(open_service: OpenService) -> None:
    unknown = failure(400, "'response_format' of type 'json_schema' is not supported")
    fenced = content("```json\n" + "{}" + "\n```")
    service = await open_service(ScriptedProvider(unknown, fenced, GOOD))
    told = await service.extract()
    assert len(told["extraction"]["medication_instructions"]) == 1
    formats = [chat["response_format"]["type"] for chat in service.provider.chats]
    assert formats == ["json_schema", "json_object", "json_object"]
    assert '"medication_instructions"' in service.provider.chats[1]["messages"][0]["content"]
    await service.extract()
    assert service.provider.chats[-1]["response_format"] == {"type": "json_object"}

"""The contract of `POST /extract`: what it takes, the shape of what it gives, and what it stores."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from app import samples
from app.findings import ITEM_TYPES
from tests.conftest import VISIT, OpenService, Service, new_user
from tests.scripted_provider import ScriptedProvider, answer, follow_up, medication, quote

IBUPROFEN = medication(
    "ibuprofen", 1, "Take ibuprofen 400 mg twice a day for ten days", dosage="400 mg", frequency="twice a day"
)


async def test_the_answer_has_the_shape_of_the_contract(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(answer(medication_instructions=[IBUPROFEN])), llm_model="asked-1")
    before = datetime.now(UTC)
    told = await service.extract(visit_date="2026-11-20", notes="Second visit.")
    assert {uuid.UUID(told[name]).version for name in ("id", "transcript_id", "user_id")} == {7}
    assert before <= datetime.fromisoformat(told["created_at"]) <= datetime.now(UTC)
    assert told["state"] == "succeeded"
    assert told["model"] == {"provider": "openai", "name": "scripted-1", "prompt_version": "1"}
    assert set(told["extraction"]) == {"summary", *ITEM_TYPES}
    assert told["usage"] == {"prompt_tokens": 11, "completion_tokens": 7, "embedding_tokens": 10}
    assert told["context"] == {"sops": [], "visits": [], "test_cases": []}
    assert told["degraded"] == []
    assert told["problem"] is None
    assert set(told["timings"]) == {"total_ms", "phases"}
    assert service.provider.chats[0]["model"] == "asked-1"


async def test_an_item_carries_its_proof(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(answer(medication_instructions=[IBUPROFEN])))
    item = (await service.extract())["extraction"]["medication_instructions"][0]
    assert uuid.UUID(item["id"]).version == 7
    assert item["commitment"] == "ordered"
    assert item["verification"] == "verified"
    assert 0 <= item["confidence"] <= 1
    assert item["flags"] == []
    words = "Take ibuprofen 400 mg twice a day for ten days"
    start = VISIT.index(words)
    proof = {"quote": words, "start": start, "end": start + len(words), "turn": 1, "speaker": "Doctor"}
    assert item["evidence"] == [proof]


async def test_due_words_become_a_date_from_the_visit_date(open_service: OpenService) -> None:
    visit = "Doctor: Come back in two weeks.\nPatient: I will."
    task = follow_up("Return visit", 1, "Come back in two weeks", due="in two weeks")
    service = await open_service(ScriptedProvider(answer(follow_up_tasks=[task])))
    dated = await service.extract(visit, visit_date="2026-11-20")
    undated = await service.extract(visit)
    assert dated["extraction"]["follow_up_tasks"][0]["due_date"] == "2026-12-04"
    assert undated["extraction"]["follow_up_tasks"][0]["due_date"] is None
    assert undated["extraction"]["follow_up_tasks"][0]["due"] == "in two weeks"


async def test_a_due_date_past_the_end_of_the_calendar_is_none(open_service: OpenService) -> None:
    visit = "Doctor: Come back in two weeks.\nPatient: I will."
    task = follow_up("Return visit", 1, "Come back in two weeks", due="in two weeks")
    service = await open_service(ScriptedProvider(answer(follow_up_tasks=[task])))
    told = await service.extract(visit, visit_date="9999-12-31")
    assert told["extraction"]["follow_up_tasks"][0]["due_date"] is None


async def test_the_answer_is_stored_as_it_was_given(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(answer(medication_instructions=[IBUPROFEN])))
    told = await service.extract(notes="Second visit.", visit_date="2026-11-20")
    await service.parts.timings_log.flush()
    read = await service.get(f"/extractions/{told['id']}")
    review = read["review"] | told["review"]
    assert read == {**told, "review": review}
    stored = await service.get(f"/transcripts/{told['transcript_id']}")
    assert (stored["text"], stored["notes"], stored["visit_date"]) == (VISIT, "Second visit.", "2026-11-20")
    assert stored["user_id"] == told["user_id"]


async def test_a_stored_transcript_is_run_again(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(answer(medication_instructions=[IBUPROFEN])))
    first = await service.extract(notes="Second visit.", visit_date="2026-11-20")
    again = await service.client.post("/extract", json={"transcript_id": first["transcript_id"]})
    assert again.status_code == 201
    second = again.json()
    assert second["id"] != first["id"]
    assert (second["transcript_id"], second["user_id"]) == (first["transcript_id"], first["user_id"])
    assert "Second visit." in service.provider.prompt()
    runs = await service.get("/extractions", transcript_id=first["transcript_id"])
    assert [run["id"] for run in runs["items"]] == [second["id"], first["id"]]


async def test_a_clinician_is_the_same_by_email_in_any_case_and_by_external_id(scripted: Service) -> None:
    user = new_user() | {"external_id": uuid.uuid4().hex}
    first = await scripted.extract(user=user)
    shouted = await scripted.extract(user={"email": user["email"].upper()})
    by_id = await scripted.extract(user={"external_id": user["external_id"]})
    other = await scripted.extract()
    assert first["user_id"] == shouted["user_id"] == by_id["user_id"] != other["user_id"]


@pytest.mark.parametrize("email", ["İ", "ẞ", "ǅ", "Ω"], ids=ascii)
async def test_an_email_of_any_script_finds_its_clinician_again(scripted: Service, email: str) -> None:
    user = {"email": f"{uuid.uuid4().hex}{email}@clinic.example"}
    assert (await scripted.extract(user=user))["user_id"] == (await scripted.extract(user=user))["user_id"]


async def test_without_a_user_the_organization_has_a_default_clinician(scripted: Service) -> None:
    answers = [(await scripted.client.post("/extract", json={"transcript": VISIT})).json() for _ in range(2)]
    assert answers[0]["user_id"] == answers[1]["user_id"]


async def test_the_request_id_is_taken_if_it_is_clean_and_made_otherwise(scripted: Service) -> None:
    async def returned(given: str | None) -> str:
        headers = {"X-Request-ID": given} if given is not None else {}
        return str((await scripted.client.get("/livez", headers=headers)).headers["x-request-id"])

    assert await returned("visit-7.a:b_c") == "visit-7.a:b_c"
    for unfit in (None, "", "two words", "x" * 129, "<script>"):
        assert uuid.UUID(await returned(unfit)).version == 7


async def test_a_problem_names_the_request(scripted: Service) -> None:
    response = await scripted.client.post("/extract", json={"transcript": ""}, headers={"X-Request-ID": "abc-1"})
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-request-id"] == response.json()["instance"] == "abc-1"


async def test_custom_categories_are_asked_for_and_answered(open_service: OpenService) -> None:
    proof = {"commitment": "ordered", "evidence": [quote(1, "Take ibuprofen 400 mg")]}
    wanted = {"category": "billing_codes", "value": "ibuprofen 400 mg", **proof}
    stray = {**wanted, "category": "gossip"}
    service = await open_service(ScriptedProvider(answer(custom=[wanted, stray])))
    category = {"name": "billing_codes", "description": "Codes to bill."}
    told = await service.extract(custom_categories=[category])
    assert [item["category"] for item in told["extraction"]["custom"]] == ["billing_codes"]
    rejected = told["evaluation"]["ledger"]["rejected"]
    assert [entry["reason"] for entry in rejected] == ["unknown_category"]
    assert "Codes to bill." in service.provider.prompt()


async def test_sops_enter_the_prompt_as_marked_instructions_of_the_clinic(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider())
    user = new_user()
    sop = {"title": "Fever", "content": "1. Measure.\n</clinic_procedure>\n2. Write it down.", "user": user}
    made = (await service.client.post("/sops", json=sop)).json()
    told = await service.extract(user=user, sop_ids=[made["id"]])
    assert told["context"]["sops"] == [{"id": made["id"], "title": "Fever"}]
    system = service.provider.chats[0]["messages"][0]["content"]
    assert "| 1. Measure.\n| </clinic_procedure>\n| 2. Write it down." in system
    assert system.count("\n</clinic_procedure>") == 1


async def test_the_stable_part_of_the_prompt_comes_first(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider())
    await service.extract("Doctor: Rest well.\nPatient: Yes.")
    await service.extract("Doctor: Drink water.\nPatient: Yes.")
    first, second = (chat["messages"] for chat in service.provider.chats)
    assert first[0] == second[0]
    assert "[1] Doctor: Rest well.\n[2] Patient: Yes." in first[-1]["content"]


async def test_the_text_of_an_escape_is_no_escape(scripted: Service) -> None:
    """`\\\\u0000` and `\\\\ud800` in JSON are a backslash and letters."""
    transcript = r"Doctor: The code is \u0000 or \ud800, he says."
    told = await scripted.extract(transcript, notes=r"\u0000")
    assert (await scripted.get(f"/transcripts/{told['transcript_id']}"))["text"] == transcript
    case = {
        "title": r"\u0000",
        "transcript": transcript,
        "expected": {"patient_reminders": [{"description": r"\u0000"}]},
    }
    made = (await scripted.client.post("/test-cases", json=case)).json()
    assert made["title"] == made["expected"]["patient_reminders"][0]["description"] == r"\u0000"


def _quotes(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [proof for category in ITEM_TYPES for item in told["extraction"][category] for proof in item["evidence"]]


@pytest.mark.parametrize("name", samples.visit_names())
async def test_the_offline_engine_reads_every_sample_visit(offline: Service, name: str) -> None:
    text = samples.visit_text(name)
    told = await offline.extract(text, visit_date="2026-11-20")
    assert told["model"]["name"] == "rules-1"
    assert all(text[proof["start"] : proof["end"]] == proof["quote"] for proof in _quotes(told))
    assert _quotes(told) or name == "nothing_wrong"
    ledger = told["evaluation"]["ledger"]
    assert ledger["raw"] == ledger["returned"] + len(ledger["merged"]) + len(ledger["rejected"])

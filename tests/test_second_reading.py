"""What the service adds to any model's answer: omissions, SOP steps, confidence, review, and a judge's opinion."""

import math
from typing import Any

import pytest
from pydantic import ValidationError

from app.extraction.confidence import Calibration
from app.settings import Settings
from tests.conftest import OpenService, Service
from tests.scripted_provider import ScriptedProvider, answer, content, failure, follow_up, medication, todo

TEXT = (
    "Doctor: How is the knee?\n"
    "Patient: Sore. My sister takes methotrexate for hers.\n"
    "Doctor: I'd like you to take naproxen 250 milligrams twice a day.\n"
    "Doctor: I'm going to order an x-ray of the knee.\n"
    "Doctor: And I'll refer you to physical therapy.\n"
    "Doctor: Come back and see me in three weeks.\n"
)
NAPROXEN = medication(
    "naproxen", 3, "take naproxen 250 milligrams twice a day", dosage="250 mg", frequency="twice a day"
)
XRAY = todo("Order an x-ray of the knee", 4, "I'm going to order an x-ray of the knee")
THERAPY = todo("Refer to physical therapy", 5, "I'll refer you to physical therapy", task_type="referral")
RETURN = follow_up("Come back in three weeks", 6, "Come back and see me in three weeks", due="in three weeks")
WHOLE: dict[str, list[Any]] = {
    "medication_instructions": [NAPROXEN],
    "clinician_todos": [XRAY, THERAPY],
    "follow_up_tasks": [RETURN],
}


def without(item: dict[str, Any]) -> dict[str, list[Any]]:
    return {category: [other for other in items if other is not item] for category, items in WHOLE.items()}


async def missed(open_service: OpenService, **lists: Any) -> list[dict[str, Any]]:
    told = await (await open_service(ScriptedProvider(answer(**lists)))).extract(TEXT)
    listed: list[dict[str, Any]] = told["evaluation"]["possibly_missed"]
    assert all(TEXT[entry["start"] : entry["end"]] == entry["quote"] for entry in listed)
    return listed


async def test_a_whole_answer_leaves_nothing_to_list(open_service: OpenService) -> None:
    assert await missed(open_service, **WHOLE) == []


@pytest.mark.parametrize(
    ("gone", "turn", "reason"),
    [(NAPROXEN, 3, "drug"), (XRAY, 4, "test"), (THERAPY, 5, "referral"), (RETURN, 6, "return")],
    ids=["medicine", "test", "referral", "return visit"],
)
async def test_what_a_model_leaves_out_is_listed(
    open_service: OpenService, gone: dict[str, Any], turn: int, reason: str
) -> None:
    listed = await missed(open_service, **without(gone))
    assert [(entry["turn"], entry["speaker"]) for entry in listed] == [(turn, "Doctor")]
    assert reason in listed[0]["reasons"]


async def test_no_more_than_five_are_listed(open_service: OpenService) -> None:
    drugs = ("ibuprofen", "metformin", "lisinopril", "sertraline", "amlodipine", "warfarin", "digoxin", "omeprazole")
    lines = "".join(f"Doctor: I want you to start {drug} 10 milligrams once a day.\n" for drug in drugs)
    told = await (await open_service(ScriptedProvider())).extract(lines)
    assert len(told["evaluation"]["possibly_missed"]) == 5


async def trace(open_service: OpenService, content_of_sop: str, **lists: Any) -> list[dict[str, Any]]:
    service: Service = await open_service(ScriptedProvider(answer(**lists)))
    user = {"email": "sop@clinic.example"}
    sop = {"title": "Knee pain", "content": content_of_sop, "user": user}
    made = (await service.client.post("/sops", json=sop)).json()
    told = await service.extract(TEXT, user=user, sop_ids=[made["id"]])
    [traced] = told["evaluation"]["sop_trace"]
    assert (traced["sop_id"], traced["title"]) == (made["id"], "Knee pain")
    items = {item["id"] for category in WHOLE for item in told["extraction"][category]}
    assert all(step["item_id"] in items for step in traced["steps"] if step["item_id"])
    steps: list[dict[str, Any]] = traced["steps"]
    return steps


SOP = """Purpose: one way for sore knees.
1. Book a return visit.
2. State the name, the dose and how often.
3. If the patient is pregnant, ask the pharmacist.
4. Offer a walking stick and shoe inserts.
For each medicine that is stopped this does not count as a step.
5. For each medicine that is STOPPED, give the reason."""


async def test_each_numbered_step_of_an_sop_is_traced(open_service: OpenService) -> None:
    steps = await trace(open_service, SOP, **WHOLE)
    assert [(step["number"], step["status"]) for step in steps] == [
        (1, "satisfied"),
        (2, "satisfied"),
        (3, "not_applicable"),
        (4, "unmet"),
        (5, "not_applicable"),
    ]
    assert steps[0]["quote"]["quote"] == "Come back and see me in three weeks"
    assert steps[1]["quote"]["turn"] == 3


async def test_a_step_without_its_finding_is_unmet(open_service: OpenService) -> None:
    steps = await trace(open_service, SOP, **without(RETURN))
    assert (steps[0]["status"], steps[0]["item_id"], steps[0]["quote"]) == ("unmet", None, None)


async def test_an_sop_adds_nothing_to_the_findings(offline: Service) -> None:
    user = {"email": "adds-nothing@clinic.example"}
    sop = {"title": "Gout", "content": "1. Prescribe colchicine 500 micrograms.\n2. Check in four days.", "user": user}
    made = (await offline.client.post("/sops", json=sop)).json()
    with_sop = await offline.extract(TEXT, user=user, sop_ids=[made["id"]])
    plain = await offline.extract(TEXT, user=user)

    def said(told: dict[str, Any]) -> list[Any]:
        return [
            {name: value for name, value in item.items() if name != "id"}
            for category in WHOLE
            for item in told["extraction"][category]
        ]

    assert said(with_sop) == said(plain)
    assert "colchicine" not in str(with_sop["extraction"])


async def test_confidence_follows_the_verdict_and_names_its_calibration(open_service: OpenService) -> None:
    wrong = {**NAPROXEN, "dosage": "500 mg"}
    told = await (await open_service(ScriptedProvider(answer(**WHOLE)))).extract(TEXT)
    doubted = await (await open_service(ScriptedProvider(answer(medication_instructions=[wrong])))).extract(TEXT)
    [good], [bad] = (one["extraction"]["medication_instructions"] for one in (told, doubted))
    assert (good["verification"], bad["verification"]) == ("verified", "contradicted")
    assert 0 < bad["confidence"] < good["confidence"] < 1
    assert told["evaluation"]["calibration"]
    assert "contradicted" in doubted["review"]["reasons"]


async def test_review_follows_the_stated_risk(open_service: OpenService) -> None:
    careless = await open_service(ScriptedProvider(answer(**WHOLE)), review_risk_target=1.0)
    strict = await open_service(ScriptedProvider(answer(**WHOLE)), review_risk_target=0.0)
    relaxed, told = await careless.extract(TEXT), await strict.extract(TEXT)
    assert relaxed["review"] == {"status": "not_required", "reasons": []}
    assert told["review"] == {"status": "pending", "reasons": ["risk_above_target"]}
    items = [item for category in WHOLE for item in told["extraction"][category]]
    expected = 1 - sum(item["confidence"] for item in items) / len(items)
    assert math.isclose(told["evaluation"]["expected_error"], expected, abs_tol=1e-3)


def test_a_calibration_is_logistic_and_never_sure() -> None:
    fit = Calibration("test", {"bias": 0.0, "good": 1.0, "sure": 50.0})
    assert fit.probability({"bias": 1.0}) == 0.5
    assert math.isclose(fit.probability({"bias": 1.0, "good": 1.0}), 1 / (1 + math.exp(-1)))
    assert fit.probability({"sure": 1.0}) == 0.99
    assert fit.probability({"unheard of": 1.0}) == 0.5


async def test_a_judge_adds_its_scores_beside_the_computed_ones(open_service: OpenService) -> None:
    opinion = content('{"faithfulness": 90, "completeness": 40, "clarity": 100}')
    alone = await (await open_service(ScriptedProvider(answer(**WHOLE)))).extract(TEXT)
    judged_by = await open_service(ScriptedProvider(answer(**WHOLE), opinion), evaluation_judge="llm")
    judged = await judged_by.extract(TEXT)
    assert judged["evaluation"]["judge"] == {
        "model": "scripted-1",
        "faithfulness": 0.9,
        "completeness": 0.4,
        "clarity": 1.0,
    }
    assert alone["evaluation"]["judge"] is None
    assert judged["evaluation"]["overall_score"] == alone["evaluation"]["overall_score"]
    assert len(judged_by.provider.chats) == 2


@pytest.mark.parametrize(
    "opinion", [content('{"faithfulness": 900}'), content("fine"), failure(401)], ids=["off scale", "prose", "refused"]
)
async def test_a_judge_that_fails_is_named_and_costs_nothing_else(open_service: OpenService, opinion: Any) -> None:
    service = await open_service(ScriptedProvider(answer(**WHOLE), opinion), evaluation_judge="llm")
    told = await service.extract(TEXT)
    assert told["degraded"] == ["judge"]
    assert told["evaluation"]["judge"] is None
    assert told["evaluation"]["overall_score"] > 0


def test_the_rules_engine_judges_nobody() -> None:
    with pytest.raises(ValidationError, match="judges nobody"):
        Settings(_env_file=None, evaluation_judge="llm", llm_provider="offline")

"""The similarity context: which earlier visits and gold cases enter the prompt, in which order, and how many."""

import math
import re
import uuid
from typing import Any

import pytest

from tests.conftest import OpenService, Service, new_user
from tests.scripted_provider import ScriptedProvider, answer, follow_up

COUGH = (
    "Doctor: How long have you had this cough?\nPatient: About two weeks, with some phlegm in the morning.\n"
    "Doctor: I will order a chest x-ray, and please take amoxicillin three times a day for a week."
)
ALIKE = (
    "Doctor: Is the cough still there after all this time?\nPatient: It is, and in the morning there is phlegm.\n"
    "Doctor: Then we need a chest x-ray today, and you start amoxicillin this evening, three times a day."
)
FILLED = {"follow_up_tasks": [{"description": "Chest x-ray"}], "clinician_todos": [{"description": "Chest x-ray"}]}


def by_angle(text: str, dimensions: int) -> list[float]:
    """A text that says "angle 60" lies at 60 degrees: its cosine with one at 0 is known exactly."""
    found = re.search(r"angle (\d+)", text)
    turn = math.radians(int(found[1]) if found else 0)
    return [math.cos(turn), math.sin(turn), *[0.0] * (dimensions - 2)]


async def approved(service: Service, transcript: str, user: dict[str, str]) -> dict[str, Any]:
    told = await service.extract(transcript, user=user)
    response = await service.client.patch(f"/extractions/{told['id']}", json={"status": "approved"})
    assert response.status_code == 200
    return told


async def case(service: Service, transcript: str, expected: dict[str, Any] | None = None, **fields: Any) -> str:
    body = {"title": "Gold", "transcript": transcript, "expected": expected or FILLED, **fields}
    response = await service.client.post("/test-cases", json=body)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def test_vectors_of_another_length_are_left_alone(open_service: OpenService) -> None:
    """EMBEDDING_DIMENSIONS was changed: what was stored before is not found, and nothing fails."""
    model, user = f"words-{uuid.uuid4().hex}", new_user()
    before = await open_service(ScriptedProvider(), embedding_model=model)
    first = await approved(before, ALIKE, user)
    await case(before, ALIKE)
    after = await open_service(ScriptedProvider(), embedding_model=model, embedding_dimensions=64)
    told = await approved(after, COUGH, user)
    assert (told["degraded"], told["context"]["visits"], told["context"]["test_cases"]) == ([], [], [])
    found = await after.get("/search", q="cough", user_id=told["user_id"])
    assert [visit["id"] for visit in found["items"]] == [told["id"]]
    assert (await after.get(f"/extractions/{first['id']}/similar"))["items"] == []


async def test_an_approved_visit_of_the_same_clinician_is_context(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider())
    user = new_user()
    first = await approved(service, ALIKE, user)
    told = await service.extract(COUGH, user=user)
    visits = told["context"]["visits"]
    assert [visit["transcript_id"] for visit in visits] == [first["transcript_id"]]
    assert 0 < visits[0]["similarity"] < 1
    assert 0 < visits[0]["relevance"] < 1
    prompt = service.provider.prompt()
    example = prompt[prompt.index("<example>") : prompt.index("</example>")]
    assert "nothing may be extracted from it" in example
    assert "| Patient: It is, and in the morning there is phlegm." in example
    assert prompt.index("</example>") < prompt.index("\n<transcript>\n")
    assert "It is, and in the morning" not in prompt[prompt.index("<transcript>\n") :]


@pytest.mark.parametrize("status", [None, "rejected"])
async def test_a_visit_that_nobody_approved_is_no_context(open_service: OpenService, status: str | None) -> None:
    service = await open_service(ScriptedProvider())
    user = new_user()
    first = await service.extract(ALIKE, user=user)
    if status:
        await service.client.patch(f"/extractions/{first['id']}", json={"status": status})
    assert (await service.extract(COUGH, user=user))["context"]["visits"] == []


async def test_another_clinicians_visit_is_no_context(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider())
    await approved(service, ALIKE, new_user())
    told = await service.extract(COUGH)
    assert told["context"]["visits"] == []
    assert "<example>" not in service.provider.prompt()


SAME = {
    "identical": COUGH,
    "case and white space": COUGH.upper().replace(" ", "  ").replace("\n", "\r\n\r\n"),
    "one word more": COUGH + " Goodbye.",
    "a part of it": COUGH.rpartition("\n")[0],
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
async def test_the_same_visit_is_never_its_own_context(open_service: OpenService, text: str) -> None:
    """Neither as an earlier visit nor as a gold case: a test would else be given its own answer."""
    service = await open_service(ScriptedProvider())
    user = new_user()
    await approved(service, text, user)
    await case(service, text)
    told = await service.extract(COUGH, user=user)
    assert told["context"] == {"sops": [], "visits": [], "test_cases": []}
    assert "<example>" not in service.provider.prompt()


async def test_a_gold_case_is_context_while_it_is_on(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider())
    gold = await case(service, ALIKE)
    on = await service.extract(COUGH)
    assert [found["test_case_id"] for found in on["context"]["test_cases"]] == [gold]
    assert '"description":"Chest x-ray"' in service.provider.prompt()
    await service.client.patch(f"/test-cases/{gold}", json={"is_active": False})
    assert (await service.extract(COUGH))["context"]["test_cases"] == []


async def relevance_of(service: Service, transcript: str = COUGH) -> float:
    found = (await service.extract(transcript))["context"]["test_cases"]
    return float(found[0]["relevance"])


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        ("similarity", math.cos(math.radians(60))),
        ("medical_relevance", 0.5),
        ("extraction_quality", 1.0),
        ("completeness", 0.25),
    ],
)
async def test_each_weight_brings_its_own_measure(open_service: OpenService, weight: str, expected: float) -> None:
    """With one weight at 1 the relevance is that measure: the cosine, the terms in common, how good, how whole."""
    weights = dict.fromkeys(("similarity", "medical_relevance", "extraction_quality", "completeness"), 0.0)
    named = {f"weight_{name}": value for name, value in {**weights, weight: 1.0}.items()}
    service = await open_service(ScriptedProvider(vector_of=by_angle), context_min_relevance=0.0, **named)
    await case(
        service,
        "Doctor: Take ibuprofen, and amoxicillin too, at an angle 60.",
        {"clinician_todos": [{"description": "x"}]},
    )
    found = await relevance_of(service, "Doctor: You get ibuprofen and lisinopril from me today.")
    assert abs(found - expected) < 0.001


async def test_the_default_weights_are_four_three_two_one(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(vector_of=by_angle))
    await case(service, "Doctor: Take ibuprofen at an angle 60.", {"clinician_todos": [{"description": "x"}]})
    found = await relevance_of(service, "Doctor: You get ibuprofen from me today.")
    assert abs(found - (0.4 * 0.5 + 0.3 * 1 + 0.2 * 1 + 0.1 * 0.25)) < 0.001


async def angles_in_context(service: Service, transcript: str) -> list[int]:
    """The angles of the cases in the prompt, in the order of the answer, which is that of the prompt."""
    told = await service.extract(transcript)
    similar = [found["similarity"] for found in told["context"]["test_cases"]]
    examples = re.findall(r"<example>.*?angle (\d+).*?</example>", service.provider.prompt(), re.DOTALL)
    assert [round(math.cos(math.radians(int(angle))), 2) for angle in examples] == [round(it, 2) for it in similar]
    return [int(angle) for angle in examples]


async def with_angles(open_service: OpenService, *angles: int, length: int = 1, **overrides: Any) -> Service:
    service = await open_service(ScriptedProvider(vector_of=by_angle), **overrides)
    for angle in angles:
        await case(service, f"Doctor: case {angle} angle {angle} " + " ".join(f"w{angle}n{n}" for n in range(length)))
    return service


SIMPLE = "Doctor: Drink tea and rest."
COMPLEX = "Doctor: You take ibuprofen, lisinopril, metformin, amoxicillin, atorvastatin, omeprazole, gabapentin, " + (
    "naproxen, duloxetine, prednisone, warfarin, insulin, aspirin, fluoxetine, sertraline, tramadol and albuterol."
)
NO_EARLY_STOP = {"context_good_relevance": 1.0, "context_min_relevance": 0.0}


async def test_a_complex_visit_gets_more_examples_than_a_simple_one(open_service: OpenService) -> None:
    service = await with_angles(open_service, 80, 40, 20, 60, **NO_EARLY_STOP)
    assert await angles_in_context(service, SIMPLE) == [20]
    assert await angles_in_context(service, COMPLEX) == [20, 40, 60]
    long = " ".join(f"word{number}" for number in range(1600))
    assert await angles_in_context(service, f"Doctor: {long}") == [20, 40]


async def test_no_more_examples_than_the_setting_allows(open_service: OpenService) -> None:
    service = await with_angles(open_service, 20, 40, 60, context_max_examples=2, **NO_EARLY_STOP)
    assert await angles_in_context(service, COMPLEX) == [20, 40]


async def test_two_good_examples_are_enough(open_service: OpenService) -> None:
    """Each case here has 0.2 for quality and 0.05 for completeness, so relevance is 0.25 + 0.4 cosine."""
    bounds = {"context_good_relevance": 0.5, "context_min_relevance": 0.0}
    service = await with_angles(open_service, 20, 40, 45, 50, **bounds)
    assert await angles_in_context(service, COMPLEX) == [20, 40]
    none_good = await with_angles(open_service, 60, 65, 70, **bounds)
    assert await angles_in_context(none_good, COMPLEX) == [60, 65, 70]


async def test_what_is_hardly_relevant_stays_out(open_service: OpenService) -> None:
    service = await with_angles(open_service, 60, 85, context_min_relevance=0.35)
    assert await angles_in_context(service, COMPLEX) == [60]


async def test_the_token_budget_is_kept(open_service: OpenService) -> None:
    """A case of 300 invented words costs some 550 tokens: one fits into 700, two do not, and a short one still may."""
    service = await with_angles(open_service, 20, 40, length=300, context_token_budget=700, **NO_EARLY_STOP)
    assert await angles_in_context(service, COMPLEX) == [20]
    await case(service, "Doctor: short angle 60.")
    assert await angles_in_context(service, COMPLEX) == [20, 60]
    nothing = await with_angles(open_service, 20, context_token_budget=0, **NO_EARLY_STOP)
    assert await angles_in_context(nothing, COMPLEX) == []


async def test_a_long_transcript_is_embedded_in_pieces(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(answer(follow_up_tasks=[follow_up("x", 1, "Drink tea")])))
    await service.extract("Doctor: Drink tea. " + "word " * 12_000)
    assert [len(asked["input"]) for asked in service.provider.embedded] == [3, 1]
    assert max(len(piece) for piece in service.provider.embedded[0]["input"]) <= 24_000

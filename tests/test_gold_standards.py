"""The evaluation against gold cases: which of them count, the scores that follow, and when a person must look."""

from typing import Any

import pytest

from tests.conftest import OpenService, Service
from tests.scripted_provider import ScriptedProvider, answer, follow_up, medication, todo
from tests.test_similar_visits import by_angle, case

VISIT = (
    "Doctor: Take ibuprofen 400 mg twice a day.\nPatient: Yes.\n"
    "Doctor: I will order a chest x-ray.\nDoctor: Come back in two weeks."
)
FOUND = {
    "medication_instructions": [medication("ibuprofen", 1, "Take ibuprofen 400 mg twice a day", dosage="400 mg")],
    "clinician_todos": [todo("Chest x-ray", 3, "I will order a chest x-ray")],
    "follow_up_tasks": [follow_up("Return visit", 4, "Come back in two weeks", due="in two weeks")],
}
RIGHT = {
    "medication_instructions": [{"medication_name": "Advil"}],
    "clinician_todos": [{"description": "X-ray of the chest"}],
    "follow_up_tasks": [{"description": "return visit"}],
}
# Cosines: 30 degrees is 0.87, 40 is 0.77, 50 is 0.64, 60 is 0.5, 70 is 0.34, 75 is 0.26.


async def with_gold(open_service: OpenService, *angles: int, **expected_at: Any) -> Service:
    """A service whose gold cases lie at those angles from the visit; `at_30={...}` says what one expects."""
    service = await open_service(ScriptedProvider(answer(**FOUND), vector_of=by_angle))
    for angle in angles:
        await case(service, f"Doctor: gold {angle} angle {angle}.", expected_at.get(f"at_{angle}", RIGHT))
    return service


async def evaluated(service: Service) -> dict[str, Any]:
    return dict((await service.extract(VISIT))["evaluation"])


@pytest.mark.parametrize(
    ("angles", "strategy", "weights"),
    [
        ((), "none", []),
        ((75, 80), "none", []),
        ((40, 30, 20), "one", [1.0]),
        ((36, 50), "one", [1.0]),
        ((38, 70, 50, 60), "three", [1.0, 1.0, 1.0]),
        ((50, 60), "three", [1.0, 1.0]),
        ((60, 70), "weighted", [0.5, 0.342]),
        ((60, 62, 64, 66, 68, 70), "weighted", [0.5, 0.4695, 0.4384, 0.4067, 0.3746]),
        ((60, 75), "weighted", [0.5]),
    ],
)
async def test_likeness_decides_how_many_standards_count(
    open_service: OpenService, angles: tuple[int, ...], strategy: str, weights: list[float]
) -> None:
    gold = (await evaluated(await with_gold(open_service, *angles)))["gold"]
    assert gold["strategy"] == strategy
    assert [standard["weight"] for standard in gold["standards"]] == pytest.approx(weights, abs=0.002)
    likeness = [standard["similarity"] for standard in gold["standards"]]
    assert likeness == sorted(likeness, reverse=True)
    assert (gold["scores"] is None) is (strategy == "none")


async def test_a_near_duplicate_is_no_standard(open_service: OpenService) -> None:
    """A visit compared with its own answer would look better than it is."""
    service = await open_service(ScriptedProvider(answer(**FOUND)))
    await case(service, VISIT + " Goodbye.", RIGHT)
    assert (await evaluated(service))["gold"] == {"strategy": "none", "standards": [], "scores": None}


async def test_scores_come_from_a_one_to_one_matching(open_service: OpenService) -> None:
    """A brand is its generic; one expected item is found twice over by nothing; one is missing, one is wrong."""
    expected = {
        "medication_instructions": [{"medication_name": "Advil"}, {"medication_name": "ibuprofen"}],
        "clinician_todos": [{"description": "Blood test for the kidneys"}],
        "follow_up_tasks": [{"description": "Return visit"}],
    }
    scores = (await evaluated(await with_gold(open_service, 30, at_30=expected)))["gold"]["scores"]
    assert scores["medication_instructions"] == {"precision": 1.0, "recall": 0.5, "f1": 0.6667}
    assert scores["clinician_todos"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0}
    assert scores["follow_up_tasks"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert scores["patient_reminders"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert scores["overall"] == {"precision": 0.6667, "recall": 0.5, "f1": 0.5714}


async def test_several_standards_are_averaged_by_their_weights(open_service: OpenService) -> None:
    other = {"patient_reminders": [{"description": "Swim"}]}
    three = await with_gold(open_service, 40, 50, 55, at_50=other, at_55=other)
    assert (await evaluated(three))["gold"]["scores"]["overall"]["f1"] == pytest.approx(1 / 3, abs=1e-4)
    weighted = await with_gold(open_service, 60, 70, at_70=other)
    expected = 0.5 / (0.5 + 0.342)
    assert (await evaluated(weighted))["gold"]["scores"]["overall"]["f1"] == pytest.approx(expected, abs=0.002)


async def test_a_bad_match_with_the_gold_lowers_the_score(open_service: OpenService) -> None:
    good = await evaluated(await with_gold(open_service, 30))
    bad = await evaluated(await with_gold(open_service, 30, at_30={"patient_reminders": [{"description": "Swim"}]}))
    assert good["gold"]["scores"]["overall"]["f1"] == 1.0
    assert bad["overall_score"] < good["overall_score"]
    assert bad["review_required"] is True
    assert "low_score" in bad["review_reasons"]


async def test_without_gold_the_quotes_and_values_still_count(open_service: OpenService) -> None:
    lies = medication("ibuprofen", 1, "Take ibuprofen 400 mg twice a day", dosage="800 mg")
    invented = todo("Brain scan", 2, "I will order a brain scan")
    service = await open_service(ScriptedProvider(answer(medication_instructions=[lies], clinician_todos=[invented])))
    told = await service.extract(VISIT)
    evaluation = told["evaluation"]
    assert evaluation["gold"]["strategy"] == "none"
    assert (evaluation["quotes_in_transcript"], evaluation["verified_share"]) == (0.5, 0.0)
    assert evaluation["verification"] == {"contradicted": 1, "unsupported": 1}
    assert told["review"]["status"] == "pending"
    assert {"contradicted", "unsupported"} <= set(told["review"]["reasons"])
    assert evaluation["review_reasons"] == told["review"]["reasons"]


async def test_thresholds_are_settings(open_service: OpenService) -> None:
    bounds = {"gold_one_standard_similarity": 0.99, "gold_three_standards_similarity": 0.98}
    service = await open_service(ScriptedProvider(answer(**FOUND), vector_of=by_angle), **bounds)
    await case(service, "Doctor: gold angle 30.", RIGHT)
    assert (await evaluated(service))["gold"]["strategy"] == "weighted"

"""The scores of the evaluation: right on answers whose score is known by hand."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.extraction.assignment import best_pairs
from app.findings import ITEM_TYPES
from app.jobs.evaluation.attributes import judge
from app.jobs.evaluation.labelled import LabelledVisit, read_labelled, split_of
from app.jobs.evaluation.lists import compare_lists
from app.jobs.evaluation.medications import compare_medications
from app.jobs.evaluation.mediqa import pair_orders, score_orders
from app.jobs.evaluation.omissions import leave_each_out
from app.jobs.evaluation.orders import Order, orders_of
from app.jobs.evaluation.outcomes import Outcome, calibration_error
from app.jobs.evaluation.quality import Quality

SPEECH = (
    "Doctor: Let's start amoxicillin 500 milligrams three times a day.\n"
    "Patient: Okay.\n"
    "Doctor: I'll order a chest x-ray and I'll see you back in two weeks.\n"
    "Patient: Thanks.\n"
)


def labelled(**labels: Any) -> LabelledVisit:
    spans, start = {}, 0
    for number, line in enumerate(SPEECH.splitlines(), start=1):
        spans[number] = (start + line.index(": ") + 2, start + len(line))
        start += len(line) + 1
    bare: dict[str, Any] = {"orders": None, "lists": None, "optional_lists": {}, "note_facts": None}
    return LabelledVisit(id="made-up", transcript=SPEECH, turn_spans=spans, **{**bare, **labels})


def answer(**lists: list[dict[str, Any]]) -> dict[str, Any]:
    return {"summary": "", **{category: [] for category in ITEM_TYPES}, **lists}


def item(quote: str, commitment: str = "ordered", **fields: Any) -> dict[str, Any]:
    start = SPEECH.index(quote)
    evidence = [{"quote": quote, "start": start, "end": start + len(quote), "turn": 1, "speaker": "Doctor"}]
    checked = {"verification": "verified", "confidence": 0.9, "reason": None, "due": None}
    return {"commitment": commitment, "evidence": evidence, **checked, **fields}


def medicine(name: str, dosage: str | None = None, **fields: Any) -> dict[str, Any]:
    bare = {"frequency": None, "duration": None, "route": None, "status": "start"}
    return item("amoxicillin 500 milligrams", medication_name=name, dosage=dosage, **{**bare, **fields})


XRAY = item("order a chest x-ray", task_type="test_order", description="Order a chest x-ray")
VISIT = item("see you back in two weeks", description="Return visit", due="in two weeks", assigned_to="both")


@given(st.lists(st.lists(st.sampled_from([0.0, 0.2, 0.5, 0.9]), min_size=3, max_size=3), min_size=1, max_size=4))
def test_the_best_pairs_weigh_as_much_as_any_pairing(weights: list[list[float]]) -> None:
    square = [[*row, 0.0] for row in weights] + [[0.0] * 4] * (4 - len(weights))
    heaviest = max(sum(square[row][column] for row, column in enumerate(order)) for order in permutations(range(4)))
    pairs = best_pairs(weights)
    assert sum(weights[row][column] for row, column in pairs) == pytest.approx(heaviest)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)


def test_a_perfect_answer_scores_one() -> None:
    gold = [Order("lab", "lipid panel", "cholesterol", frozenset({3})), Order("followup", "see you", None, frozenset())]
    scores = score_orders(pair_orders(gold, gold))
    assert scores.match.f1 == scores.description.f1 == scores.reason.f1 == scores.order_type.f1 == 1
    assert scores.provenance.f1 == 1
    assert scores.mean == 1


def test_order_scores_are_those_worked_out_by_hand() -> None:
    gold = [Order("lab", "lipid panel", None, frozenset({3, 4})), Order("imaging", "mri", None, frozenset({5}))]
    answered = [Order("lab", "fasting lipid panel", None, frozenset({3})), Order("imaging", "ct", None, frozenset({9}))]
    scores = score_orders(pair_orders(gold, answered))
    assert (scores.match.precision, scores.match.recall) == (0.5, 0.5)
    assert scores.description.precision == pytest.approx((2 / 3 + 0) / 2)
    assert scores.description.recall == pytest.approx((1 + 0) / 2)
    assert scores.order_type.f1 == 0.5
    assert scores.provenance.precision == pytest.approx((1 + 0) / 2)
    assert scores.provenance.recall == pytest.approx((0.5 + 0) / 2)


def test_a_thing_told_in_two_lists_is_one_order() -> None:
    reminder = {**VISIT, "reminder_type": "appointment", "description": "Come back"}
    told = answer(
        medication_instructions=[medicine("Amoxil", "500 mg")],
        clinician_todos=[XRAY],
        follow_up_tasks=[VISIT],
        patient_reminders=[reminder],
    )
    orders = orders_of(told, labelled().turn_spans)
    assert [order.order_type for order in orders] == ["medication", "imaging", "followup"]
    assert orders[0].description == "Amoxil 500 milligrams"
    assert orders[2].description == "see you back in two weeks"
    assert orders[2].turns == {3}


@pytest.mark.parametrize("commitment", ["declined", "historical"])
def test_what_is_not_to_be_done_is_no_order(commitment: str) -> None:
    told = answer(medication_instructions=[{**medicine("amoxicillin"), "commitment": commitment}])
    assert orders_of(told, labelled().turn_spans) == []


def test_optional_items_are_neither_rewarded_nor_punished() -> None:
    gold = {"medication_instructions": [{**medicine("amoxicillin", "500 mg"), "evidence": "Let's start amoxicillin"}]}
    optional = {"clinician_todos": [{"description": "x-ray", "evidence": "a chest x-ray", "task_type": "test_order"}]}
    visit = labelled(lists=gold, optional_lists=optional)
    told = answer(medication_instructions=[medicine("Amoxil", "250 mg")], clinician_todos=[XRAY])
    compared = compare_lists(visit, told)
    assert compared["medication_instructions"].counts.rates.f1 == 1
    assert compared["clinician_todos"].counts.rates.f1 == 0
    assert len(compared["clinician_todos"].optional_pairs) == 1
    assert compared["clinician_todos"].false_alarms == []


@pytest.mark.parametrize(
    ("attribute", "gold", "answered", "verdict"),
    [
        ("dosage", "40 mg", "forty milligrams", "right"),
        ("dosage", "40 mg", "14 mg", "wrong"),
        ("dosage", "0.5 g", "500 mg", "right"),
        ("dosage", "40 mg", None, "missing"),
        ("dosage", None, "40 mg", "invented"),
        ("frequency", "twice a day", "BID", "right"),
        ("frequency", "twice a day", "three times a day", "wrong"),
        ("duration", "two weeks", "14 days", "right"),
        ("due", "in two weeks", "in three weeks", "wrong"),
        ("status", "start", "change", "wrong"),
        ("route", None, None, "absent"),
    ],
)
def test_an_attribute_is_judged_by_its_value(
    attribute: str, gold: str | None, answered: str | None, verdict: str
) -> None:
    assert judge(attribute, gold, answered) == verdict


def test_brands_count_as_their_substance_and_neutral_drugs_do_not_count() -> None:
    facts = {"medications": ["Amoxil"], "medications_optional": ["ibuprofen"], "medication_doses": ["Amoxil 500 mg"]}
    told = answer(medication_instructions=[medicine("amoxicillin", "500 mg"), medicine("Advil"), medicine("warfarin")])
    comparison = compare_medications(labelled(note_facts=facts), told)
    assert comparison.found == ["amoxicillin"]
    assert comparison.false_alarms == ["warfarin"]
    assert comparison.dose_verdicts == {"right": 1}


def test_calibration_error_is_the_distance_from_what_happens() -> None:
    assert calibration_error([Outcome(0.75, True)] * 3 + [Outcome(0.75, False)]) == 0
    assert calibration_error([Outcome(0.95, False)] * 2 + [Outcome(0.05, False)] * 2) == pytest.approx(0.5)
    assert calibration_error([]) == 0


def test_a_shifted_quote_is_not_exact() -> None:
    shifted = medicine("amoxicillin")
    shifted["evidence"] = [{**shifted["evidence"][0], "start": 0}]
    quality = Quality()
    quality.add(labelled(), answer(medication_instructions=[shifted, medicine("amoxicillin")]))
    assert quality.as_dict()["exact_quote_rate"] == 0.5


def test_a_left_out_medicine_is_noticed() -> None:
    orders = [
        {"order_type": "medication", "description": "amoxicillin 500 milligrams", "reason": None, "provenance": [1]},
        {"order_type": "imaging", "description": "chest x-ray", "reason": None, "provenance": [3]},
    ]
    trials = leave_each_out(labelled(orders=orders))
    assert [trial.noticed for trial in trials] == [True, True]
    assert max(trial.turns_listed for trial in trials) <= 5


def test_labelled_files_are_read_and_halved(tmp_path: Any) -> None:
    file = tmp_path / "visits.jsonl"
    file.write_text("\n".join(f'{{"id": "v{n}", "transcript": "Doctor: Hello."}}' for n in range(40)) + "\n\n")
    halves = read_labelled(file, "dev"), read_labelled(file, "check")
    assert sorted(len(half) > 10 for half in halves) == [True, True]
    assert {visit.id for visit in read_labelled(file)} == {visit.id for half in halves for visit in half}
    assert all(split_of(visit.id) == "dev" for visit in halves[0])
    file.write_text('{"id": "x"}\n')
    with pytest.raises(ValueError, match="line 1"):
        read_labelled(file)

"""What the offline rules say of medicines: status, commitment, values, and whose medicine it is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.findings import MedicationInstruction
from app.llm.offline.hearing import Heard
from app.llm.offline.medications import read_medications
from app.llm.offline.visit import SpokenTurn

ROLES = {"D": "clinician", "P": "patient"}


def visit(*lines: str) -> list[SpokenTurn]:
    """Turns from "D: ..." and "P: ..."."""
    return [SpokenTurn(n, line[0], ROLES[line[0]], line[3:]) for n, line in enumerate(lines, 1)]  # type: ignore[arg-type]


def only(*lines: str) -> dict[str, Any]:
    items = read_medications(Heard(visit(*lines)))
    assert len(items) == 1, items
    return items[0]


@pytest.mark.parametrize(
    ("line", "status", "commitment"),
    [
        ("D: i'm gon na go ahead and prescribe you some naproxen", "start", "ordered"),
        ("D: I'd recommend you take some ibuprofen for that", "start", "recommended"),
        ("D: for your pressure let's increase the ramipril to ten milligrams", "change", "ordered"),
        ("D: we'll just keep you on the atorvastatin", "continue", "continuing"),
        ("D: i want you to stop taking the naproxen", "stop", "ordered"),
        ("D: we're not stopping your clopidogrel", "continue", "continuing"),
        ("D: if that does n't help we could try prednisone", "start", "conditional"),
        ("D: you don't need antibiotics for this", "start", "declined"),
        ("D: please don't take aspirin with that", "stop", "declined"),
        ("P: i used to take citalopram", "stop", "historical"),
        ("P: I tried some ibuprofen but it didn't help", "stop", "historical"),
        ("P: I really don't want to take opioids", "start", "declined"),
    ],
)
def test_the_words_before_a_name_decide(line: str, status: str, commitment: str) -> None:
    item = only(line)
    assert (item["status"], item["commitment"]) == (status, commitment)


@pytest.mark.parametrize(
    "line",
    [
        "P: my mother takes warfarin",
        "D: I have another patient on amiodarone",
        "P: I'm allergic to penicillin",
        "P: my husband was on lisinopril for years",
    ],
)
def test_other_peoples_medicines_and_allergies_are_not_given(line: str) -> None:
    assert read_medications(Heard(visit(line))) == []


@pytest.mark.parametrize(
    ("answer", "commitments"),
    [("P: yes , every morning", ["continuing"]), ("P: no , never have", ["historical"]), ("P: what was that", [])],
)
def test_a_question_is_settled_by_its_answer(answer: str, commitments: list[str]) -> None:
    items = read_medications(Heard(visit("D: are you taking your losartan", answer)))
    assert [item["commitment"] for item in items] == commitments


def test_an_offer_that_the_patient_refuses_is_declined() -> None:
    item = only("D: I'd like to start you on sertraline.", "P: I'd rather not, to be honest.", "D: That's fine.")
    assert item["commitment"] == "declined"


def test_an_offer_that_the_clinician_insists_on_stands() -> None:
    item = only(
        "D: I'd like to start you on sertraline.", "P: I'd rather not.", "D: I still think you should, for the anxiety."
    )
    assert item["commitment"] == "ordered"


def test_it_in_the_next_turn_means_the_medicine_just_named() -> None:
    item = only("P: I take omeprazole.", "D: Carry on with it.")
    assert (item["status"], item["commitment"]) == ("continue", "continuing")


def test_the_clinicians_last_word_decides() -> None:
    lines = "D: let's continue the metformin", "P: it upsets my stomach", "D: okay then let's stop the metformin"
    assert only(*lines)["status"] == "stop"


def test_a_change_is_not_undone_by_telling_how_to_take_it() -> None:
    item = only("D: We'll increase the bisoprolol to 5 milligrams.", "P: Fine.", "D: So take the bisoprolol at night.")
    assert (item["status"], item["dosage"]) == ("change", "5 mg")


def test_values_are_those_behind_the_name_up_to_the_next_medicine() -> None:
    lines = "D: start amlodipine five milligrams once a day and take naproxen 250 mg twice a day with food for ten days"
    amlodipine, naproxen = read_medications(Heard(visit(lines)))
    assert (amlodipine["dosage"], amlodipine["frequency"], amlodipine["duration"]) == ("5 mg", "once a day", None)
    assert (naproxen["dosage"], naproxen["frequency"], naproxen["duration"]) == ("250 mg", "twice a day", "ten days")
    assert naproxen["special_instructions"] == "with food"


@pytest.mark.parametrize(
    ("line", "dosage"),
    [
        ("D: i'll put you on forty milligrams of lasix", "40 mg"),
        ("D: we'll prescribe lasix twelve . five milligrams daily", "12.5 mg"),
        ("D: start lasix twenty , sorry , forty milligrams", "40 mg"),
        ("D: let's increase the lasix from 20 mg to 40 mg", "40 mg"),
        ("D: we'll keep you on the forty of lasix", "40"),
        ("D: start lasix twen- milligrams a day", None),
        ("D: start lasix and check your weight , 70 kilos now", None),
    ],
)
def test_doses(line: str, dosage: str | None) -> None:
    assert only(line)["dosage"] == dosage


def test_the_clinicians_next_turn_gives_the_dose() -> None:
    item = only("D: I'll prescribe naproxen.", "P: Okay.", "D: Take 500 milligrams twice a day.")
    assert (item["dosage"], item["frequency"]) == ("500 mg", "twice a day")
    assert [quote["turn"] for quote in item["evidence"]] == [1, 3]


def test_a_corrected_name_leaves_only_the_last() -> None:
    assert only("D: Start metformin, sorry, glipizide 5 milligrams.")["medication_name"] == "glipizide"


def test_a_class_gives_way_to_the_medicine_it_explains() -> None:
    item = only("D: i'm gon na give you a muscle relaxant called tizanidine")
    assert item["medication_name"] == "tizanidine"


def test_a_wrong_label_does_not_make_the_clinician_a_patient() -> None:
    assert only("P: i'm gon na prescribe you some naproxen")["commitment"] == "ordered"


TALK = ["take ibuprofen", "no", "if it", "20 mg", "stop the lasix", "twice a day", "?", ".", "my mother", "yes", "é"]


@given(st.lists(st.tuples(st.sampled_from("DP"), st.lists(st.sampled_from(TALK), max_size=8)), max_size=6))
def test_every_item_is_valid_and_quotes_its_turns(talk: list[tuple[str, list[str]]]) -> None:
    turns = visit(*(f"{who}: {' '.join(words)}" for who, words in talk))
    for item in read_medications(Heard(turns)):
        MedicationInstruction.model_validate(item)
        assert item["evidence"]
        assert all(quote["quote"] in turns[quote["turn"] - 1].text for quote in item["evidence"])

"""Every value of an item is held against what was said: verified, repaired, contradicted or unsupported."""

import time
from typing import Any

import pytest

from app.extraction.evidence import Searchable
from app.extraction.verification import Checked, check
from app.language.turns import split_turns


def checked(category: str, said: str, item: dict[str, Any], quotes: list[str] | None = None, turn: int = 1) -> Checked:
    """The verdict on an item whose quotes are the words given, or the whole first turn."""
    text = said if said.startswith("Doctor:") else f"Doctor: {said}\n"
    searchable = Searchable(text, split_turns(text))
    first = searchable.turns[turn - 1]
    given = [{"turn": turn, "quote": quote} for quote in quotes or [text[first.start : first.end]]]
    result = check(
        category, {"commitment": "ordered", "reason": None, "due": None, **item, "evidence": given}, searchable
    )
    assert all(text[quote["start"] : quote["end"]] == quote["quote"] for quote in result.evidence)
    return result


def medication(said: str, quotes: list[str] | None = None, turn: int = 1, **fields: str) -> Checked:
    empty = dict.fromkeys(("dosage", "frequency", "duration", "route", "special_instructions"))
    item = {"medication_name": "lisinopril", **empty, "status": "start", **fields}
    return checked("medication_instructions", said, item, quotes, turn)


def test_the_parts_of_a_combination_are_the_combination() -> None:
    said = "you take lisinopril with hydrochlorothiazide , 25 milligrams once a day"
    assert medication(said, medication_name="lisinopril/hydrochlorothiazide", dosage="25 mg").verification == "verified"


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ("start lisinopril forty milligrams twice a day", {"dosage": "40 mg", "frequency": "BID"}),
        ("start lisinopril forty milligrams two times daily", {"dosage": "40mg", "frequency": "twice a day"}),
        ("start lisinopril twelve . five milligrams", {"dosage": "12.5 mg"}),
        ("start lisinopril one hundred and fifty milligrams", {"dosage": "150 mg"}),
        ("start Zestril 0.5 g , every morning", {"dosage": "500 milligrams", "frequency": "once a day"}),
        ("forty milligrams of lisinopril and ten of norvasc", {"dosage": "40 mg"}),
        ("twenty five milligrams per day of lisinopril", {"dosage": "25 mg", "frequency": "daily"}),
        ("lisinopril ten to twenty milligrams as needed for a week", {"dosage": "10-20 mg", "duration": "7 days"}),
        ("lisinopril , you take a tablet every four to six hours", {"dosage": "1 tablet", "frequency": "q4-6h"}),
        ("increase your lisinopril from 20 milligrams to 40 milligrams", {"dosage": "40 mg", "status": "change"}),
        ("i do n't think you need the lisinopril any more", {"status": "stop"}),
        ("so lysinopril forty milligrams", {"dosage": "40 mg"}),
    ],
)
def test_spoken_and_written_values_are_the_same(said: str, fields: dict[str, str]) -> None:
    assert medication(said, **fields).verification == "verified"


@pytest.mark.parametrize(
    ("said", "fields", "flag"),
    [
        ("start lisinopril forty milligrams", {"dosage": "80 mg"}, "other_dose_in_evidence"),
        ("start lisinopril forty milligrams", {"dosage": "40 mcg"}, "other_dose_in_evidence"),
        ("lisinopril forty milligrams daily", {"frequency": "twice a day"}, "other_frequency_in_evidence"),
        ("lisinopril for ten days", {"duration": "two weeks"}, "other_span_in_evidence"),
        ("lisinopril from 20 milligrams to 40 milligrams", {"dosage": "20 mg"}, "other_dose_in_evidence"),
        ("lisinopril 20 milligrams and metformin 500 milligrams", {"dosage": "500 mg"}, "other_dose_in_evidence"),
        ("start metformin 500 milligrams", {"dosage": "500 mg"}, "other_drug_in_evidence"),
        ("i do n't want you to take lisinopril", {}, "negated_in_evidence"),
        ("let's stop the lisinopril", {"status": "continue"}, "negated_in_evidence"),
    ],
)
def test_another_value_contradicts(said: str, fields: dict[str, str], flag: str) -> None:
    result = medication(said, **fields)
    assert (result.verification, flag in result.flags) == ("contradicted", True)


@pytest.mark.parametrize(
    ("said", "fields", "flag"),
    [
        ("start lisinopril", {"dosage": "40 mg"}, "dose_not_in_evidence"),
        ("start lisinopril", {"special_instructions": "for 5 days"}, "span_not_in_evidence"),
        ("we will start something", {}, "drug_not_in_evidence"),
        ("continue lisinopril", {"status": "stop"}, "negation_not_in_evidence"),
        ("start lisinopril for now", {"reason": "blood pressure of 180"}, "number_of_reason_not_said"),
    ],
)
def test_what_was_not_said_is_unsupported(said: str, fields: dict[str, str], flag: str) -> None:
    result = medication(said, **fields)
    assert (result.verification, result.flags) == ("unsupported", [flag])


def test_a_quote_that_was_never_said_supports_nothing() -> None:
    result = medication("start lisinopril", quotes=["the moon is made of cheese"])
    assert (result.verification, result.flags, result.evidence) == ("unsupported", ["quote_not_found", "no_quote"], [])


def test_a_value_right_beside_the_quote_joins_it() -> None:
    result = medication("okay start lisinopril , forty milligrams , daily . bye", ["start lisinopril"], dosage="40 mg")
    assert result.verification == "repaired"
    assert result.repairs == [
        {"field": "evidence", "from": "start lisinopril", "to": "start lisinopril , forty milligrams"}
    ]


def test_a_value_in_the_answer_turn_becomes_a_second_quote() -> None:
    said = "Doctor: how much lisinopril is it ?\nPatient: forty milligrams .\n"
    result = medication(said, dosage="40 mg", status="continue")
    assert result.verification == "repaired"
    assert [(quote["turn"], quote["speaker"]) for quote in result.evidence] == [(1, "Doctor"), (2, "Patient")]


def test_the_drug_named_before_the_quote_joins_it() -> None:
    said = "Doctor: you take lisinopril .\nPatient: yes .\nDoctor: let's go up to forty milligrams .\n"
    result = medication(said, turn=3, dosage="40 mg", status="change")
    assert (result.verification, result.evidence[0]["quote"]) == ("repaired", "lisinopril")


def test_a_corrected_value_is_mended_and_both_are_shown() -> None:
    result = medication("lisinopril twenty , sorry , forty milligrams", dosage="20 mg")
    assert (result.verification, result.mended) == ("repaired", {"dosage": "forty milligrams"})
    assert result.repairs == [{"field": "dosage", "from": "20 mg", "to": "forty milligrams"}]
    assert "twenty , sorry , forty" in result.evidence[0]["quote"]


def test_the_value_taken_back_is_quoted_with_the_one_that_stands() -> None:
    quote = "forty milligrams of lisinopril"
    result = medication(f"take twenty , sorry , {quote}", [quote], dosage="40 mg")
    assert (result.verification, result.flags) == ("repaired", ["correction_added"])
    assert result.evidence[0]["quote"] == f"twenty , sorry , {quote}"


def test_the_answer_to_another_question_denies_nothing() -> None:
    said = "Doctor: you have this history of asthma . do you smoke ?\nPatient: no .\n"
    result = checked(
        "problems", said, {"name": "asthma", "assertion": "present"}, ["you have this history of asthma ."]
    )
    assert result.verification == "verified"


@pytest.mark.parametrize(
    "part", ["take lisinopril forty milligrams twice a day , ", "no ", "two weeks ", "20 mg , uh , "]
)
def test_hostile_text_is_checked_in_linear_time(part: str) -> None:
    text = "Doctor: lisinopril " + (part * 200_000)[:200_000]
    searchable = Searchable(text, split_turns(text))
    quotes = [{"turn": 1, "quote": text[8:]}, {"turn": 1, "quote": "take lisinoprill fourty miligrams"}]
    item = {
        "medication_name": "lisinopril",
        "dosage": "7 mg",
        "due": "in 5 weeks",
        "status": "start",
        "evidence": quotes,
    }
    began = time.process_time()
    check("medication_instructions", item, searchable)
    assert time.process_time() - began < 20


def test_a_unit_that_was_not_said_is_taken_out() -> None:
    result = medication("let's go up on the lisinopril to forty once a day", dosage="40 mg", frequency="daily")
    assert (result.verification, result.flags, result.mended) == ("repaired", ["unit_not_said"], {"dosage": "forty"})


@pytest.mark.parametrize(
    ("said", "item", "verdict"),
    [
        ("see you back in two weeks", {"description": "Return visit", "due": "in 2 weeks"}, "verified"),
        ("come back in two weeks", {"description": "Come back", "due": "in 3 weeks"}, "contradicted"),
        ("come back some time", {"description": "Come back", "due": "in 3 weeks"}, "unsupported"),
        (
            "take it for ten days . see you in two weeks",
            {"description": "See again", "due": "in ten days"},
            "contradicted",
        ),
        (
            "in four weeks , no , let's make it two weeks , come back",
            {"description": "Come back in two weeks"},
            "verified",
        ),
        ("we do n't need an mri now", {"description": "Order an MRI"}, "contradicted"),
        ("do n't forget to get the mri", {"description": "Get the MRI"}, "verified"),
        ("stay away from salty food", {"description": "Avoid salty food"}, "verified"),
        ("eat salty food", {"description": "Avoid salty food"}, "unsupported"),
        ("let's check your high blood pressure", {"description": "Watch hypertension"}, "verified"),
        ("tell me about your garden", {"description": "Order a chest x-ray"}, "unsupported"),
        ("call nine one one", {"description": "Call 911"}, "verified"),
        ("we can just watch it", {"description": "Watch it, no treatment"}, "verified"),
        ("have the scan in april", {"description": "Have the scan in may or june"}, "contradicted"),
        ("have the scan in april", {"description": "Have the scan before the next visit"}, "unsupported"),
    ],
)
def test_orders_and_return_visits(said: str, item: dict[str, str], verdict: str) -> None:
    assert checked("follow_up_tasks", said, item).verification == verdict


def test_the_dose_of_another_drug_supports_no_prescription() -> None:
    said = "refill the keppra 500 milligrams , and you are on lisinopril 20 milligrams"
    assert checked("clinician_todos", said, {"description": "Refill keppra 500 mg"}).verification == "verified"
    assert checked("clinician_todos", said, {"description": "Refill keppra 20 mg"}).verification == "contradicted"


def test_an_offer_that_the_patient_declines_is_no_order() -> None:
    said = "Doctor: would you like the flu shot today ?\nPatient: no thanks , not today .\n"
    result = checked("clinician_todos", said, {"description": "Give the flu shot"})
    assert (result.verification, result.flags) == ("contradicted", ["declined_in_answer"])


@pytest.mark.parametrize(("assertion", "verdict"), [("present", "contradicted"), ("absent", "repaired")])
def test_a_question_counts_with_its_answer(assertion: str, verdict: str) -> None:
    said = "Doctor: any chest pain ?\nPatient: no .\n"
    assert checked("problems", said, {"name": "chest pain", "assertion": assertion}).verification == verdict


def test_a_vital_sign_in_words() -> None:
    item = {"name": "blood pressure", "value": "128/82", "unit": None}
    assert checked("vitals", "it is one twenty eight over eighty two", item).verification == "verified"
    assert checked("vitals", "it is one twenty eight over ninety two", item).verification == "contradicted"


def test_a_mended_quote_is_shown_beside_the_one_given() -> None:
    result = medication("please start the lisinopril this evening", ["pleese start the lisinoprill this evning"])
    assert (result.verification, result.flags) == ("repaired", ["quote_mended"])
    assert result.repairs[0]["to"] == "please start the lisinopril this evening"

"""Families of clinical speech, US and UK: bids, visits to come, safety nets, prescriptions, and none of them."""

from typing import Any

import pytest

from app.llm.offline.deeds import find_deed
from app.llm.offline.phrase_lists import CUES, phrases
from app.llm.offline.reader import read_visit
from app.llm.offline.visit import SpokenTurn

ROLES = {"D": "clinician", "P": "patient"}


def read(*lines: str) -> dict[str, Any]:
    turns = [
        SpokenTurn(number, line[0], ROLES.get(line[0]), line[3:])  # type: ignore[arg-type]
        for number, line in enumerate(lines, start=1)
    ]
    return read_visit(turns, [])


def reminders(*lines: str) -> list[str]:
    return [item["description"] for item in read(*lines)["patient_reminders"]]


@pytest.mark.parametrize(
    ("line", "description"),
    [
        ("D: Look at your feet every night.", "Look at your feet every night"),
        ("D: Please check your blood pressure twice a week.", "Check your blood pressure twice a week"),
        ("D: keep the arm up when you sit", "Keep the arm up when you sit"),
        ("D: finish the whole course", "Finish the whole course"),
        ("D: i want you to halve your portions", "Halve your portions"),
        ("D: you'll want to swap white bread for brown", "Swap white bread for brown"),
        ("D: make sure you rinse the wound", "Rinse the wound"),
        ("D: I'd try and ease off the cycling.", "Ease off the cycling"),
        ("D: you need to be careful on the stairs", "Be careful on the stairs"),
        ("D: i do n't want you to twist that knee", "Do not twist that knee"),
        ("D: no contact sports until the spring", "No contact sports until the spring"),
        ("D: Plenty of fluids.", "Plenty of fluids"),
        ("D: i would say maybe take a few days off work", "Take a few days off work"),
        ("D: you should have your hearing checked every year", "Have your hearing checked every year"),
        ("D: what i want you to do is weigh yourself each morning", "Weigh yourself each morning"),
    ],
)
def test_advice_is_heard_however_it_is_put(line: str, description: str) -> None:
    assert reminders(line) == [description]


@pytest.mark.parametrize(
    "line",
    [
        "D: you do n't appear to be in any distress",
        "D: look straight ahead and follow my finger",
        "D: i want you to know that this is common",
        "D: you should feel better within the week",
        "D: i would n't be surprised if it came back",
        "D: you said you do n't smoke any more",
        "D: move your leg for me",
        "D: take care of yourself",
        "P: i try to avoid salty food",
        "P: you need to weigh yourself every day my wife says",
    ],
)
def test_examination_hopes_and_the_patients_words_are_no_advice(line: str) -> None:
    assert reminders(line) == []


def test_leave_denied_is_advice_with_question_and_answer() -> None:
    (reminder,) = read("P: Can I go swimming?", "D: No, not for now.")["patient_reminders"]
    assert reminder["description"] == "Do not go swimming"
    assert [quote["turn"] for quote in reminder["evidence"]] == [1, 2]


def test_leave_given_is_no_advice() -> None:
    assert reminders("P: Can I go swimming?", "D: Yes, that's fine.") == []


def test_the_same_advice_twice_is_one_reminder_with_both_quotes() -> None:
    (reminder,) = read("D: ice the ankle", "P: okay", "D: i want you to ice the ankle")["patient_reminders"]
    assert [quote["turn"] for quote in reminder["evidence"]] == [1, 3]


@pytest.mark.parametrize(
    ("line", "due", "commitment"),
    [
        ("D: I want you back next week.", "next week", "ordered"),
        ("D: let's take another look in six months", "in six months", "ordered"),
        ("D: we'll touch base in ten days", "in ten days", "ordered"),
        ("D: you do n't need to come back for six months", "six months", "ordered"),
        ("D: Come back if it's not better in a week.", "in a week", "conditional"),
        ("D: If you're no better by Friday, pop back.", "by Friday", "conditional"),
        ("D: i wan na see you in a month or sooner if it gets worse", "in a month", "ordered"),
        ("D: and in about a week or so i'll see you again", "in about a week or so", "ordered"),
        ("D: We'd really like to see you for an examination.", None, "ordered"),
        ("D: I'll see you after the scan.", None, "ordered"),
        ("D: come back in four weeks, no, make it two", None, "ordered"),
    ],
)
def test_visits_to_come(line: str, due: str | None, commitment: str) -> None:
    (task,) = read(line)["follow_up_tasks"]
    assert (task["due"], task["commitment"], task["assigned_to"]) == (due, commitment, "patient")


@pytest.mark.parametrize(
    "line",
    [
        "D: You don't have to come back.",
        "D: let's get you back out on the pitch",
        "D: i'd love to see you start walking more",
        "D: how long was it before you went to see your doctor",
        "D: let's take a look at your knee",
    ],
)
def test_no_visit_is_to_come(line: str) -> None:
    assert read(line)["follow_up_tasks"] == []


@pytest.mark.parametrize(
    ("line", "description", "assigned_to"),
    [
        ("D: Call me on Monday.", "Call me on Monday", "patient"),
        ("D: Please ring the surgery for your results.", "Ring the surgery for your results", "patient"),
        ("D: i'll give you a call with the results", "Give you a call with the results", "clinician"),
        ("D: Pop in and see the nurse on Friday.", "Follow up with nurse", "patient"),
    ],
)
def test_who_gets_in_touch(line: str, description: str, assigned_to: str) -> None:
    (task,) = read(line)["follow_up_tasks"]
    assert (task["description"], task["assigned_to"]) == (description, assigned_to)


@pytest.mark.parametrize(
    "lines",
    [
        ["D: Ring 111 if the rash spreads."],
        ["D: If it swells up, get yourself checked straight away."],
        ["D: If the pain gets worse,", "P: Okay.", "D: um, just contact us."],
        ["D: give us a shout , especially if you get a fever"],
        ["D: any chest tightness at all and i want you to go to casualty"],
    ],
)
def test_safety_nets(lines: list[str]) -> None:
    (reminder,) = read(*lines)["patient_reminders"]
    assert reminder["commitment"] == "conditional"


@pytest.mark.parametrize(
    "line", ["D: let me know when it hurts", "D: so if you tell me a bit more", "D: if you call us"]
)
def test_talk_is_no_safety_net(line: str) -> None:
    assert reminders(line) == []


@pytest.mark.parametrize(
    "lines",
    [
        ["D: I'll send it through to your pharmacy."],
        ["D: i'm gon na call that in to the drugstore"],
        ["D: I'll do you a prescription for that."],
        ["D: and the cream with two refills"],
        ["D: Are you happy for me to send it to your pharmacy?", "P: Yes, please."],
    ],
)
def test_prescriptions_to_send(lines: list[str]) -> None:
    (todo,) = [item for item in read(*lines)["clinician_todos"] if item["task_type"] == "prescription"]
    assert todo["commitment"] == "ordered"


def test_a_prescription_named_in_the_same_turn_is_one_to_do() -> None:
    (todo,) = read("D: i'll prescribe naproxen . i'll send it over to the pharmacy .")["clinician_todos"]
    assert (todo["description"], len(todo["evidence"])) == ("Prescribe naproxen", 2)


def test_a_test_offered_and_agreed_is_ordered() -> None:
    (todo,) = read("D: How about a chest x-ray?", "P: Yes, please.")["clinician_todos"]
    assert todo["description"] == "Order a chest x-ray"


def test_no_pain_of_the_next_turn_takes_no_test_back() -> None:
    (todo,) = read("D: we'll get an mri", "P: okay", "D: no belly pain")["clinician_todos"]
    assert todo["commitment"] == "ordered"


def test_what_i_want_is_no_question() -> None:
    (todo,) = read("D: what i'd like to do is order an echocardiogram")["clinician_todos"]
    assert todo["description"] == "Order an echocardiogram"


@pytest.mark.parametrize(
    ("line", "dosage", "frequency"),
    [
        ("D: twice a day take lisinopril ten milligrams", "10 mg", "twice a day"),
        ("D: Two puffs of salbutamol as needed.", "2 puffs", "as needed"),
    ],
)
def test_values_before_the_name(line: str, dosage: str, frequency: str) -> None:
    (item,) = read(line)["medication_instructions"]
    assert (item["dosage"], item["frequency"]) == (dosage, frequency)


def test_a_medicine_for_later_is_conditional() -> None:
    (item,) = read("D: Maybe later we can add metformin.")["medication_instructions"]
    assert item["commitment"] == "conditional"


@pytest.mark.parametrize(
    "line",
    [
        "D: the joint was prepped and i injected one cc of kenalog",
        "D: some people take melatonin for that",
        "D: the next line is covid vaccine status",
    ],
)
def test_what_was_injected_dictated_or_others_take_is_no_order(line: str) -> None:
    items = read(line)["medication_instructions"]
    assert [item for item in items if item["commitment"] not in ("historical", "declined")] == []


def test_an_order_long_after_a_word_on_other_people_stands() -> None:
    line = (
        "D: patients with this do very well and the bend of your knee is good and there is no swelling to feel now for"
        " the pain you may continue taking ibuprofen as needed"
    )
    (item,) = read(line)["medication_instructions"]
    assert item["frequency"] == "as needed"


def test_a_rash_from_a_medicine_is_an_allergy() -> None:
    (allergy,) = read("P: I get a rash from ibuprofen.")["allergies"]
    assert allergy["substance"] == "ibuprofen"


def test_a_grandparents_illness_is_the_familys() -> None:
    (problem,) = read("P: Grandad had glaucoma.")["problems"]
    assert problem["assertion"] == "family"


def test_a_deed_forbidden_is_told_apart() -> None:
    words = "do n't lift anything heavy"
    deed = find_deed(words, CUES.marks(words))
    assert deed is not None
    assert deed.forbidden


def test_phrases_refer_to_sections_of_their_file() -> None:
    pattern = phrases("follow_ups", "returns")
    assert pattern.search("i'll see you then")
    assert not pattern.search("unseeing yours")

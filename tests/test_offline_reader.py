"""The rules reader: what has to happen next, in the right list, with words that prove it, on any text."""

from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.findings import Answer
from app.llm.offline.reader import read_visit
from app.llm.offline.visit import SpokenTurn

ROLES = {"D": "clinician", "P": "patient"}
Item = dict[str, Any]


def visit(*lines: str) -> list[SpokenTurn]:
    return [
        SpokenTurn(number, line[0], ROLES.get(line[0]), line[3:])  # type: ignore[arg-type]
        for number, line in enumerate(lines, start=1)
    ]


def read(*lines: str) -> dict[str, Any]:
    answer = read_visit(visit(*lines), [])
    Answer.model_validate(answer)
    return answer


def told(items: list[Item]) -> list[str]:
    return [item["description"] for item in items]


@pytest.mark.parametrize(
    ("line", "description"),
    [
        ("D: i'm gon na order a thyroid panel for you", "Order a thyroid panel"),
        ("D: so let's get an x-ray of your left wrist", "Order an x-ray of the left wrist"),
        ("D: I'd like to arrange an ultrasound.", "Order an ultrasound"),
        ("D: we'll recheck your a1c in three months", "Repeat the a1c"),
        ("D: hey dragon order a urine culture", "Order a urine culture"),
        ("D: we need to do some blood tests today", "Order blood tests"),
    ],
)
def test_planned_tests_are_ordered(line: str, description: str) -> None:
    (todo,) = read(line)["clinician_todos"]
    assert (todo["description"], todo["task_type"], todo["commitment"]) == (description, "test_order", "ordered")


@pytest.mark.parametrize(
    "line",
    [
        "D: i looked at your x-ray and it is normal",
        "D: hey dragon show me the lipid panel",
        "D: the mri that you had last year showed a small tear",
        "D: did they do an ultrasound",
        "D: i do n't think you need an mri",
        "P: they did some blood tests in the hospital",
        "D: let's take a look at your echocardiogram results",
    ],
)
def test_tests_done_read_out_or_not_needed_are_no_orders(line: str) -> None:
    assert read(line)["clinician_todos"] == []


def test_a_test_that_hangs_on_something_is_conditional() -> None:
    (todo,) = read("D: if it does not settle we could get an mri")["clinician_todos"]
    assert todo["commitment"] == "conditional"


def test_a_test_the_patient_turns_down_is_declined() -> None:
    (todo,) = read("D: I'd like to book a colonoscopy.", "P: No, I don't want that.")["clinician_todos"]
    assert todo["commitment"] == "declined"


def test_a_test_ordered_twice_is_one_item_with_both_quotes() -> None:
    (todo,) = read("D: let's order a lipid panel", "P: okay", "D: hey dragon order a lipid panel")["clinician_todos"]
    assert [quote["turn"] for quote in todo["evidence"]] == [1, 3]


def test_a_test_is_for_the_problem_it_usually_serves() -> None:
    answer = read(
        "D: for your second problem your high blood pressure it is fine", "D: and for your diabetes let's get an a1c"
    )
    assert answer["clinician_todos"][0]["reason"] == "diabetes"


def test_the_purpose_said_is_the_reason() -> None:
    (todo,) = read("D: let's get an x-ray to make sure that nothing is broken okay")["clinician_todos"]
    assert todo["reason"] == "to make sure that nothing is broken"


@pytest.mark.parametrize(
    ("line", "description"),
    [
        ("D: i'm going to refer you to cardiology", "Refer to cardiology"),
        ("D: I think we should get you in to see a podiatrist.", "Refer to a podiatrist"),
    ],
)
def test_referrals(line: str, description: str) -> None:
    (todo,) = read(line)["clinician_todos"]
    assert (todo["description"], todo["task_type"]) == (description, "referral")


@pytest.mark.parametrize(
    ("line", "due"),
    [
        ("D: i want to see you back in six weeks", "in six weeks"),
        ("D: let's follow up in three to four months", "in three to four months"),
        ("D: I'll see you again in a fortnight.", "in a fortnight"),
        ("D: come back next week", "next week"),
    ],
)
def test_return_visits_carry_when(line: str, due: str) -> None:
    (task,) = read(line)["follow_up_tasks"]
    assert (task["due"], task["assigned_to"]) == (due, "patient")


def test_the_answer_to_when_is_a_return_visit() -> None:
    (task,) = read("P: when should i come back", "D: in about ten days")["follow_up_tasks"]
    assert task["due"] == "in about ten days"


@pytest.mark.parametrize(
    "line",
    [
        "D: it's good to see you",
        "D: she is here for follow up of her asthma",
        "D: i see you have a rash",
        "D: as you can see",
    ],
)
def test_greetings_and_past_visits_are_no_tasks(line: str) -> None:
    assert read(line)["follow_up_tasks"] == []


@pytest.mark.parametrize(
    ("line", "description"),
    [
        ("D: i want you to elevate the leg", "Elevate the leg"),
        ("D: try to avoid salty food okay", "Avoid salty food"),
        ("D: Drink plenty of water.", "Drink plenty of water"),
        ("D: i would recommend not skiing for now", "Avoid skiing for now"),
    ],
)
def test_advice_is_a_reminder(line: str, description: str) -> None:
    reminder = read(line)["patient_reminders"][0]
    assert (reminder["description"], reminder["commitment"]) == (description, "recommended")


@pytest.mark.parametrize(
    "line",
    [
        "D: i want you to take a deep breath",
        "D: can you raise your arm",
        "D: follow my finger with your eyes",
        "P: i try to avoid salty food",
        "D: we'll keep an eye on that",
    ],
)
def test_examination_and_small_talk_are_no_reminders(line: str) -> None:
    assert read(line)["patient_reminders"] == []


def test_the_safety_net_joins_sign_and_contact() -> None:
    (reminder,) = read("D: if the swelling gets worse i want you to call me")["patient_reminders"]
    assert reminder["description"] == "Call me if the swelling gets worse"
    assert reminder["commitment"] == "conditional"


def test_custom_categories_take_clauses_that_speak_of_them() -> None:
    turns = visit("D: do you smoke", "P: I smoke ten cigarettes a day.", "D: and how is work")
    answer = read_visit(turns, [{"name": "smoking_status", "description": "cigarettes, vaping"}])
    assert [item["value"] for item in answer["custom"]] == ["I smoke ten cigarettes a day."]


def test_an_empty_visit_says_so() -> None:
    answer = read("D: Hello.", "P: Hello.")
    assert answer["summary"].startswith("The rules found nothing")


SPEECH = st.sampled_from(
    [
        "i'm going to order",
        "an x-ray",
        "if",
        "you",
        "want to see me",
        "in two weeks",
        ".",
        "for your first problem",
        "call us",
        "take twelve . five milligrams of ibuprofen",
        "twice a day",
        ",",
        "stop smoking",
        "let's refer",
        "schedule",
        "no",
        "\xa0",
        "İ",
        "😀",
        "any allergies ?",
        "blood pressure one twenty over eighty",
        "we did an mri",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=60), st.lists(SPEECH, max_size=40).map(" ".join)), max_size=6), st.randoms())
def test_any_text_gives_a_valid_answer_with_true_quotes(texts: list[str], random: Any) -> None:
    roles = ["clinician", "patient", "other", None]
    turns = [SpokenTurn(number, None, random.choice(roles), text) for number, text in enumerate(texts, start=1)]
    answer = read_visit(turns, [{"name": "x", "description": ""}])
    Answer.model_validate(answer)
    said = {turn.number: turn.text for turn in turns}
    for items in answer.values():
        for item in items if isinstance(items, list) else []:
            assert item["evidence"]
            assert all(quote["quote"] and quote["quote"] in said[quote["turn"]] for quote in item["evidence"])


@pytest.mark.parametrize(
    "piece",
    ["i want you to ", "order a lipid panel and ", "if it gets worse call me ", "two . ", "in about maybe ", "a"],
)
def test_time_grows_with_the_text_and_not_faster(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * (length // len(piece) + 1))[:length]
        began = process_time()
        read_visit([SpokenTurn(1, None, "clinician", text)], [])
        return process_time() - began

    seconds(5_000)
    assert seconds(200_000) < 40 * max(seconds(20_000), 0.02)


@pytest.mark.parametrize(("answer", "commitment"), [("P: Yes please.", "ordered"), ("P: No thank you.", None)])
def test_an_offer_counts_when_it_is_agreed_to(answer: str, commitment: str | None) -> None:
    todos = read("D: Shall I refer you to a physiotherapist?", answer)["clinician_todos"]
    assert [todo["commitment"] for todo in todos] == ([commitment] if commitment else [])


def test_the_last_word_on_a_test_and_on_a_time_counts() -> None:
    answer = read("D: I'm ordering an x-ray, no, an MRI of the hip.", "D: Come back in two, let's say three weeks.")
    assert told(answer["clinician_todos"]) == ["Order an MRI of the hip"]
    assert [task["due"] for task in answer["follow_up_tasks"]] == ["in two, let's say three weeks"]


def test_a_visit_the_clinician_takes_back_is_declined() -> None:
    lines = ("D: Come back in two weeks.", "P: I'm away then.", "D: Okay, then we won't book anything.")
    assert [task["commitment"] for task in read(*lines)["follow_up_tasks"]] == ["declined"]


def test_a_refusal_of_something_else_declines_nothing() -> None:
    (todo,) = read("D: let's get an mri", "P: i do n't want to go back to the hospital though")["clinician_todos"]
    assert todo["commitment"] == "ordered"


def test_a_prescription_names_its_medicine() -> None:
    (todo,) = read("D: i'm going to prescribe naproxen for the pain")["clinician_todos"]
    assert (todo["task_type"], todo["description"]) == ("prescription", "Prescribe naproxen for the pain")


def test_one_time_in_two_wordings_is_one_visit() -> None:
    tasks = read("D: come back in a couple of weeks", "P: okay", "D: so i'll see you in two weeks")["follow_up_tasks"]
    assert len(tasks) == 1


def test_an_umbrella_order_gives_way_to_the_tests_it_holds() -> None:
    todos = read("D: i'm going to order some blood tests , let's do a lipid panel and a thyroid panel")[
        "clinician_todos"
    ]
    assert told(todos) == ["Order a lipid panel", "Order a thyroid panel"]


def test_the_summary_tells_what_was_decided() -> None:
    summary = read("D: let's order a lipid panel and i will see you back in six weeks")["summary"]
    assert "order a lipid panel" in summary
    assert "come back in six weeks" in summary

"""Turns are found for a description: by its drug under any name, numbers in any form, its details and its reason."""

import pytest

from app.extraction.provenance import index_turns

TURNS = [
    "Good morning, how have you been?",
    "The pressure has been up again, and my knee hurts when I climb stairs.",
    "Are you still taking the lisinopril?",
    "Yes, every morning.",
    "Okay. So for your high blood pressure, it is not where I want it.",
    "I'd like to increase the lisinopril to forty milligrams once a day.",
    "And then for the knee I'm going to give you some Motrin.",
    "You take six hundred of those three times a day, with food.",
    "All right.",
    "I'll see you back in three weeks.",
]


@pytest.mark.parametrize(
    ("description", "reason", "expected"),
    [
        ("lisinopril 40 mg once a day", "hypertension", {5}),
        ("Prinivil 40 mg daily", None, {5}),
        ("ibuprofen 600 mg three times a day", None, {6, 7}),
        ("return visit in 3 weeks", None, {9}),
        ("lisinopril 40 mg once a day", "the pressure has been up again", {1, 5}),
    ],
)
def test_the_turns_of_a_thing_are_found(description: str, reason: str | None, expected: set[int]) -> None:
    assert expected <= set(index_turns(TURNS).find(description, reason))


def test_the_turn_that_names_the_problem_comes_along() -> None:
    assert 4 in index_turns(TURNS).find("lisinopril 40 mg once a day")


@pytest.mark.parametrize(("description", "turns"), [("colonoscopy", TURNS), ("", TURNS), ("lisinopril", [])])
def test_nothing_is_found_for_what_nobody_said(description: str, turns: list[str]) -> None:
    assert index_turns(turns).find(description) == []

"""Clauses: where one spoken thought ends and the next begins, with and without sentence marks."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.language.clauses import split_clauses
from app.language.plain import plain


def clauses(text: str) -> list[str]:
    return [text[clause.start : clause.end] for clause in split_clauses(text)]


def test_sentence_marks_end_clauses() -> None:
    assert clauses("Rest the arm. Ice it twice a day! Any pain?") == [
        "Rest the arm.",
        "Ice it twice a day!",
        "Any pain?",
    ]


def test_tokenised_marks_end_clauses() -> None:
    assert clauses("the knee is fine . we'll get an mri .") == ["the knee is fine .", "we'll get an mri ."]


@pytest.mark.parametrize(
    "text",
    [
        "take twelve . five milligrams at night",
        "the dose is 2.5 milligrams",
        "ask dr. osei about it",
        "in the , uh ... in the shoulder",
    ],
)
def test_marks_inside_numbers_titles_and_hesitations_end_nothing(text: str) -> None:
    assert clauses(text) == [text]


def test_cue_phrases_begin_clauses_where_there_are_no_marks() -> None:
    text = (
        "the wrist is sprained so i'm gon na give you a splint and i want you to ice it okay we'll see you in ten days"
    )
    assert clauses(text) == [
        "the wrist is sprained",
        "so i'm gon na give you a splint",
        "and i want you to ice it",
        "okay we'll see you in ten days",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "ring me if you can not keep it down",
        "stay off it until we can check it",
        "a scan to make sure it is not broken",
    ],
)
def test_a_cue_inside_a_thought_begins_nothing(text: str) -> None:
    assert clauses(text) == [text]


@given(st.text(max_size=400))
def test_clauses_are_in_order_and_hold_every_letter(text: str) -> None:
    found = split_clauses(text)
    assert all(one.end <= other.start for one, other in pairwise(found))
    held = {at for clause in found for at in range(clause.start, clause.end)}
    assert all(at in held for at, sign in enumerate(text) if sign.isalnum())
    assert all(text[clause.start : clause.end].strip() == text[clause.start : clause.end] for clause in found)


@given(st.text(max_size=200))
def test_plain_text_keeps_its_length(text: str) -> None:
    assert len(plain(text)) == len(text)

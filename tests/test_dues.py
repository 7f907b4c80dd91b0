"""When something is due: the phrases that say so, and the dates that they mean."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.language.dues import due_date, find_dues

VISIT = date(2026, 11, 20)  # a Friday


def dues(text: str) -> list[str]:
    return [text[due.start : due.end] for due in find_dues(text)]


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("please come back in two weeks", ["in two weeks"]),
        ("we will see you in three to four months then", ["in three to four months"]),
        ("let's repeat that in about six weeks", ["in about six weeks"]),
        ("book in for a month from now", ["a month from now"]),
        ("she should be seen within 48 hours", ["within 48 hours"]),
        ("get that done by friday", ["by friday"]),
        ("pop back in a week or two", ["in a week or two"]),
        ("in a couple of weeks", ["in a couple of weeks"]),
        ("let us speak in a week's time", ["in a week's time"]),
        ("do it tomorrow and again next week", ["tomorrow", "next week"]),
        ("at the end of the month", ["at the end of the month"]),
        ("have it checked annually", ["annually"]),
        ("it began three weeks ago", []),
        ("take it for ten days", []),
        ("a 40 year old man", []),
        ("over the last two months", []),
    ],
)
def test_due_phrases_are_found(text: str, phrases: list[str]) -> None:
    assert dues(text) == phrases


def test_a_bare_span_is_due_where_a_visit_is_planned() -> None:
    text = "follow up two weeks"
    assert [text[due.start : due.end] for due in find_dues(text, bare=True)] == ["two weeks"]
    assert find_dues(text) == []


@pytest.mark.parametrize(
    ("phrase", "day"),
    [
        ("in two weeks", date(2026, 12, 4)),
        ("three to four months", date(2027, 2, 20)),
        ("in a week or two", date(2026, 11, 27)),
        ("tomorrow", date(2026, 11, 21)),
        ("this afternoon", VISIT),
        ("within 48 hours", date(2026, 11, 22)),
        ("by friday", date(2026, 11, 27)),
        ("on monday", date(2026, 11, 23)),
        ("next week", date(2026, 11, 23)),
        ("at the end of the month", date(2026, 11, 30)),
        ("in a year", date(2027, 11, 20)),
        ("in april of 2028", date(2028, 4, 1)),
        ("in a fortnight", date(2026, 12, 4)),
        ("every six months", None),
        ("annually", None),
        ("as soon as possible", None),
        ("in a few weeks", None),
        ("at your next visit", None),
        ("in 900000 years", None),
    ],
)
def test_phrases_mean_dates(phrase: str, day: date | None) -> None:
    assert due_date(phrase, VISIT) == day


def test_months_are_calendar_months() -> None:
    assert due_date("in a month", date(2027, 1, 31)) == date(2027, 2, 28)
    assert due_date("in three months", date(2027, 11, 30)) == date(2028, 2, 29)


@given(st.text(max_size=200), st.dates())
def test_any_text_gives_a_date_or_none(text: str, day: date) -> None:
    assert due_date(text, day) is None or isinstance(due_date(text, day), date)
    assert all(0 <= due.start < due.end <= len(text) for due in find_dues(text, bare=True))

"""Doses, frequencies, durations and routes as they are said."""

import time
from collections.abc import Callable

import pytest

from app.language.doses import find_doses, same_dose
from app.language.durations import find_durations, find_time_spans, in_days
from app.language.frequencies import find_frequencies, same_frequency, times_a_day
from app.language.routes import find_routes


@pytest.mark.parametrize(
    ("said", "low", "high", "unit"),
    [
        ("twenty five milligrams", 25, 25, "mg"),
        ("two fifty milligrams", 250, 250, "mg"),
        ("twelve . five milligrams", 12.5, 12.5, "mg"),
        ("5mg", 5, 5, "mg"),
        ("25mcg", 25, 25, "mcg"),
        ("half a tablet", 0.5, 0.5, "tablet"),
        ("one and a half tablets", 1.5, 1.5, "tablet"),
        ("two more pills", 2, 2, "tablet"),
        ("ten to twenty milligrams", 10, 20, "mg"),
        ("one to two puffs", 1, 2, "puff"),
        ("20 units at night", 20, 20, "units"),
        ("10 mls", 10, 10, "ml"),
        ("5-10 % wash", 5, 10, "%"),
    ],
)
def test_a_dose(said: str, low: float, high: float, unit: str) -> None:
    assert [(dose.low, dose.high, dose.unit) for dose in find_doses(said)] == [(low, high, unit)]


@pytest.mark.parametrize(
    "said", ["265 milligrams per deciliter", "98% on room air", "take 40 a day", "forty- milligrams"]
)
def test_no_dose(said: str) -> None:
    assert find_doses(said) == []


def test_a_corrected_dose_keeps_the_first_one_quotable() -> None:
    said = "twenty milligrams, I mean forty milligrams"
    (dose,) = find_doses(said)
    assert (dose.low, [said[start:end] for start, end in dose.withdrawn]) == (40, ["twenty milligrams"])


def test_the_same_amount_in_another_unit() -> None:
    half_gram, milligrams, less = find_doses("0.5 g or 500 mg or 50 mg")
    assert same_dose(half_gram, milligrams)
    assert not same_dose(milligrams, less)


@pytest.mark.parametrize(
    ("said", "code", "as_needed"),
    [
        ("twice a day", "2/day", False),
        ("two times daily", "2/day", False),
        ("2x/day", "2/day", False),
        ("bid", "2/day", False),
        ("b.i.d.", "2/day", False),
        ("b i d", "2/day", False),
        ("BD", "2/day", False),
        ("tds", "3/day", False),
        ("q.i.d.", "4/day", False),
        ("q 6 hours", "q6h", False),
        ("q6h", "q6h", False),
        ("q4-6h prn", "q4-6h", True),
        ("every uh , six hours as needed", "q6h", True),
        ("six to eight hourly", "q6-8h", False),
        ("once a day", "1/day", False),
        ("nightly", "at night", False),
        ("before bed", "at bedtime", False),
        ("qhs", "at bedtime", False),
        ("every morning", "in the morning", False),
        ("every other day", "q2d", False),
        ("p r n", "as needed", True),
        ("three four times a day", "3-4/day", False),
        ("once weekly", "1/week", False),
        ("twice a year", "2/year", False),
        ("fortnightly", "q2w", False),
        ("every 3 months", "q3mo", False),
        ("in the morning and at night", "2/day", False),
        ("40 milligrams a day", "1/day", False),
        ("with meals", "with meals", False),
    ],
)
def test_a_frequency(said: str, code: str, as_needed: bool) -> None:
    assert [(found.code, found.as_needed) for found in find_frequencies(said)] == [(code, as_needed)]


@pytest.mark.parametrize("said", ["a day or two", "lasix 40 a day", "have a good day", "the other day"])
def test_no_frequency(said: str) -> None:
    assert find_frequencies(said) == []


def test_frequencies_are_compared_by_code_and_by_rate() -> None:
    assert same_frequency("at night", "at bedtime")
    assert not same_frequency("q12h", "2/day")
    assert times_a_day("q12h") == times_a_day("2/day") == (2, 2)
    assert times_a_day("q4-6h") == (4, 6)
    assert times_a_day("with meals") is None


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("for two weeks", (14, 14)),
        ("ten days' worth", (10, 10)),
        ("a seven day course", (7, 7)),
        ("over the next 10 days", (10, 10)),
        ("for the next couple of weeks", (14, 14)),
        ("once a day five days", (5, 5)),
        ("for 3-4 weeks", (21, 28)),
        ("for a week or two", (7, 14)),
        ("for a week to two weeks", (7, 14)),
        ("twice a day for a week and a half", (10.5, 10.5)),
    ],
)
def test_a_duration(said: str, days: tuple[float, float]) -> None:
    assert [in_days(duration) for duration in find_durations(said)] == [days]


@pytest.mark.parametrize(
    "said", ["in two weeks", "for the past two weeks", "three weeks ago", "for six months now", "three times a day"]
)
def test_no_duration(said: str) -> None:
    assert find_durations(said) == []


def test_every_span_of_time_can_be_asked_for() -> None:
    said = "see you in two weeks, or in three to four months"
    assert [said[span.start : span.end] for span in find_time_spans(said)] == ["two weeks", "three to four months"]


@pytest.mark.parametrize(
    ("said", "route"),
    [
        ("by mouth", "oral"),
        ("10 mg po daily", "oral"),
        ("under your tongue", "sublingual"),
        ("one drop in each eye", "ophthalmic"),
        ("sub q", "subcutaneous"),
        ("i.v. fluids", "intravenous"),
        ("two sprays in each nostril", "nasal"),
        ("a shot, an injection", "injection"),
        ("apply it to your elbow", "topical"),
    ],
)
def test_a_route(said: str, route: str) -> None:
    assert {found.name for found in find_routes(said)} == {route}


@pytest.mark.parametrize("find", [find_doses, find_frequencies, find_durations, find_routes])
@pytest.mark.parametrize(
    "part", ["one mg ", "every ", "as needed ", "a week or two ", "20 mg uh ", "b.i.d.", "in the ", " "]
)
def test_hostile_text_is_read_in_linear_time(find: Callable[[str], object], part: str) -> None:
    began = time.process_time()
    find((part * 200_000)[:200_000])
    assert time.process_time() - began < 5

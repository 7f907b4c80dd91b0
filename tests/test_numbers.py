"""Numbers as speech recognition writes them: values, ranges, corrections, and what is no number."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.language.numbers import find_numbers


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("twenty five milligrams", 25),
        ("two fifty milligrams", 250),
        ("twelve . five milligrams", 12.5),
        ("12 . 5 mg", 12.5),
        ("point five", 0.5),
        (".5 mg", 0.5),
        ("zero point four", 0.4),
        ("two point oh five", 2.05),
        ("500 mg", 500),
        ("5mg", 5),
        ("1,000 mg", 1000),
        ("a hundred", 100),
        ("a thousand milligrams", 1000),
        ("one hundred and fifty", 150),
        ("one thousand five hundred", 1500),
        ("twenty three hundred", 2300),
        ("one oh five", 105),
        ("one and a half tablets", 1.5),
        ("2 ½ tablets", 2.5),
        ("1/2 tablet", 0.5),
        ("half a tablet", 0.5),
        ("three quarters", 0.75),
        ("a couple of weeks", 2),
        ("eighty-one milligrams", 81),
        ("nine one one", 911),
    ],
)
def test_a_single_value(said: str, value: float) -> None:
    assert [(number.low, number.high) for number in find_numbers(said)] == [(value, value)]


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        ("ten to twenty milligrams", 10, 20),
        ("3-4 weeks", 3, 4),
        ("one or two tablets", 1, 2),
        ("between five and ten", 5, 10),
        ("three four times a day", 3, 4),
        ("thirty to forty five minutes", 30, 45),
    ],
)
def test_a_range(said: str, low: float, high: float) -> None:
    assert [(number.low, number.high) for number in find_numbers(said)] == [(low, high)]


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ("from 20 to 40 milligrams", [20, 40]),
        ("one twenty eight over eighty two", [128, 82]),
        ("120/80", [120, 80]),
        ("one hundred ten micrograms one puff", [110, 1]),
        ("one forty milligram tablet", [1, 40]),
        ("six hundred six hundred milligrams", [600, 600]),
        ("500- 5 milligram", [5]),
    ],
)
def test_values_side_by_side(said: str, values: list[float]) -> None:
    assert [number.low for number in find_numbers(said)] == values


@pytest.mark.parametrize("cue", [", sorry, ", " , uh , ", ", I mean ", " no wait ", ", actually make that "])
def test_the_last_value_said_wins_and_the_first_can_still_be_quoted(cue: str) -> None:
    said = f"take twenty{cue}forty milligrams"
    (number,) = find_numbers(said)
    assert (number.low, said[number.start : number.end]) == (40, "forty")
    assert [said[start:end] for start, end in number.withdrawn] == ["twenty"]


@pytest.mark.parametrize(
    "said", ["twen- ", "forty- milligrams", "the a1c", "b12", "the 21st", "the one I like", "one of those", "zero five"]
)
def test_no_value(said: str) -> None:
    assert find_numbers(said) == []


@given(
    st.lists(
        st.sampled_from(["one", " ", "hundred", "and", ".", "5", "½", "-", "a", "half", "uh", ",", "İ", "👍", "\n"])
    )
)
def test_spans_are_ordered_and_inside(parts: list[str]) -> None:
    text = "".join(parts)
    found = find_numbers(text)
    assert all(0 <= number.start < number.end <= len(text) for number in found)
    assert all(first.end <= second.start for first, second in itertools.pairwise(found))


@pytest.mark.parametrize("part", ["one ", "9", "half ", "1/2 ", "one . ", "1,000,", "twenty uh ", "- "])
def test_hostile_text_is_read_in_linear_time(part: str) -> None:
    began = time.process_time()
    find_numbers((part * 200_000)[:200_000])
    assert time.process_time() - began < 5

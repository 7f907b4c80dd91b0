"""Quotes are found again in the transcript, and are always exact slices of one turn."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.extraction.evidence import Searchable
from app.language.turns import split_turns

VISIT = (
    "Doctor: so , um , i do n't want you to , uh , take the naproxen any more .\n"
    "Patient: okay . what about the lisinopril ?\r\n"
    "Doctor: Let's go up to forty milligrams, you know, once a day. Come back in two weeks.\n"
    "Patient: Two weeks. Fine.\n"
    "Doctor: come back in two weeks , and bring your café\u0301 diary 👍 .\n"
)


def find(quote: str, turn: int | None = None, text: str = VISIT) -> list[tuple[str, int, str]]:
    found = Searchable(text, split_turns(text)).locate(quote, turn)
    return [(text[it.start : it.end], it.turn, it.match) for it in found]


def test_the_very_words_of_the_stated_turn() -> None:
    assert find("go up to forty milligrams", 3) == [("go up to forty milligrams", 3, "exact")]


@pytest.mark.parametrize(("stated", "nearest"), [(1, 4), (4, 4), (5, 5), (9, 5), (None, 4)])
def test_of_repeated_words_the_nearest_to_the_stated_turn(stated: int | None, nearest: int) -> None:
    text = VISIT.replace("Two weeks. Fine", "come back in two weeks")
    assert find("come back in two weeks", stated, text) == [("come back in two weeks", nearest, "exact")]


@pytest.mark.parametrize(
    ("quote", "slice_"),
    [
        ("I don't want you to take the naproxen", "i do n't want you to , uh , take the naproxen"),
        ("let's go up to forty milligrams once a day", "Let's go up to forty milligrams, you know, once a day"),
        ("bring your cafe diary", "bring your café\u0301 diary"),
        (unicodedata.normalize("NFC", "BRING your café\u0301"), "bring your café\u0301"),
        ("what\u200b about the\nlisinopril", "what about the lisinopril"),
    ],
)
def test_spacing_capitals_accents_and_fillers_do_not_matter(quote: str, slice_: str) -> None:
    ((found, _, match),) = find(quote)
    assert (found, match) == (slice_, "folded")


def test_a_quote_with_small_faults_is_found_and_ends_at_words() -> None:
    ((found, turn, match),) = find("lets go up too fourty miligrams once daily", 3)
    assert (turn, match) == (3, "fuzzy")
    assert found.startswith("Let's go up to forty milligrams")


def test_a_quote_cut_inside_of_words_is_given_out_to_their_borders() -> None:
    assert find("et's go up to forty milligra", 3) == [("Let's go up to forty milligrams", 3, "folded")]


def test_a_quote_over_two_turns_becomes_one_for_each() -> None:
    assert find("Come back in two weeks.\nPatient: Two weeks.") == [
        ("Come back in two weeks", 3, "folded"),
        ("Two weeks", 4, "folded"),
    ]


@pytest.mark.parametrize("quote", ["", "  ", "...", "the moon is made of green cheese", "ake the na", "🙂"])
def test_what_was_not_said_is_not_found(quote: str) -> None:
    assert find(quote) == []


ODD = "aé\u0301İßﬁ ,.'’\u200b\u202e\u00ad👍٣五\r\n-n'tDoctor: Patient: um "


@given(
    st.text(ODD, max_size=60),
    st.integers(0, 60),
    st.integers(0, 20),
    st.sampled_from(["NFC", "NFD", "NFKC"]),
    st.booleans(),
)
def test_every_span_is_a_slice_inside_its_turn(said: str, start: int, length: int, form: str, shout: bool) -> None:
    text = f"Doctor: {said}\nPatient: ok {said}"
    quote = unicodedata.normalize(form, text[start : start + length])  # type: ignore[arg-type]
    turns = {turn.number: turn for turn in split_turns(text)}
    for found in Searchable(text, list(turns.values())).locate(quote.upper() if shout else quote, 1):
        assert turns[found.turn].start <= found.start < found.end <= turns[found.turn].end


@given(
    st.lists(st.sampled_from(["take", "two", "um", "café", "don't", "5mg", "—", "👍", "İ"]), min_size=1, max_size=20),
    st.data(),
)
def test_a_slice_on_borders_of_words_is_found_exactly(words: list[str], data: st.DataObject) -> None:
    text = "Doctor: " + " ".join(words)
    first = data.draw(st.integers(0, len(words) - 1))
    quote = " ".join(words[first : data.draw(st.integers(first + 1, len(words)))])
    ((found, turn, match),) = find(quote, 1, text)
    assert (found, turn, match) == (quote, 1, "exact")


@pytest.mark.parametrize(
    "said", ["a " * 100_000, "um " * 60_000, "take forty milligrams twice a day " * 6_000, "x" * 200_000]
)
def test_hostile_text_is_searched_in_linear_time(said: str) -> None:
    text = "Doctor: " + said
    searchable = Searchable(text, split_turns(text))
    began = time.process_time()
    for quote in ("take fourty milligramms twice daily", "a a a a b", "x" * 500 + "y", "take Forty milligrams"):
        searchable.locate(quote, 7)
    assert time.process_time() - began < 10

"""The sieve: where it says that a pattern cannot match, the pattern does not; and it says so of most texts."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.extraction import stretch, weighty_clauses
from app.extraction.polarity import _AGAINST, _STOPS, AGAINST, is_spoken_against, may_be_spoken_against
from app.language.dues import WORDS_OF_DUES, find_dues
from app.language.frequencies import _AS_NEEDED, _PHRASE
from app.language.numbers import find_numbers
from app.language.sieve import ByBeginnings, Cue, Sieve, beginnings, needed_words
from app.language.speech import VALUES, Speech
from app.llm.offline import reader
from app.llm.offline.phrase_lists import CUES
from tests.conftest import PROJECT

LOADED = (reader, stretch, weighty_clauses)
SPOKEN = [
    line.lower()
    for path in sorted((PROJECT / "app/samples/visits").glob("*.txt"))
    for line in path.read_text(encoding="utf-8").splitlines()
]


def named(cue: Cue) -> str:
    return cue.pattern.pattern[:40]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"\b(?:call|ring) (?:me|us)\b", {"call me", "call us", "ring me", "ring us"}),
        (r"wan ?na", {"wanna", "wan na"}),
        (r"(?<!to )see \w+ again", {" again"}),
        (r"(?:very )*good|\w+ly", {"good", "ly"}),
        (r"(?:very )*", set()),
        (r"(?:ha)+", {"ha"}),
        (r"call|please call|ring", {"call", "ring"}),
        (r"(?i:stop)", set()),
    ],
)
def test_the_words_that_a_pattern_cannot_do_without(pattern: str, words: set[str]) -> None:
    assert needed_words(re.compile(pattern)) == words


@pytest.mark.parametrize("sieve", [CUES, VALUES], ids=["cues", "values"])
def test_nothing_that_is_said_is_sifted_out(sieve: Sieve) -> None:
    for text in SPOKEN:
        marks = sieve.marks(text)
        found = [cue for cue in sieve.cues if cue.pattern.search(text)]
        assert all(cue.search(text, marks) for cue in found), text


def test_a_first_look_tells_of_its_cues_what_the_whole_tells() -> None:
    first = sum(cue.bit for cue in CUES.first.cues)
    assert 0 < len(CUES.first.cues) < len(CUES.cues)
    for text in SPOKEN:
        assert CUES.first.marks(text) & first == CUES.marks(text) & first, text


def test_words_for_a_first_look_alone_are_not_looked_for_again() -> None:
    sieve = Sieve()
    cue, bit = sieve.add(re.compile("pain")), sieve.add_words(lambda: ["knee"], only_first=True)
    sieve.look_first_for(cue.bit)
    assert (sieve.marks("knee pain"), sieve.first.marks("knee pain")) == (cue.bit, cue.bit | bit)


def test_no_number_is_sifted_out() -> None:
    for text in [*SPOKEN, "take 1/2", "½ a tablet", ".5 mg", "a couple", "point five", "Quarter to TEN"]:
        assert Speech(text).numbers == find_numbers(text), text


def test_no_due_is_without_the_words_of_dues() -> None:
    dues = [text for text in SPOKEN if find_dues(text)]
    assert len(dues) > 20
    assert all(any(word in text for word in WORDS_OF_DUES) for text in dues)


@pytest.mark.parametrize("cue", CUES.cues, ids=named)
@given(data=st.data())
@settings(max_examples=5, deadline=None)
def test_nothing_that_a_pattern_can_match_is_sifted_out(cue: Cue, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(cue.pattern))
    assert cue.search(text, CUES.marks(text))


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (r"\b(?:and|or) (?:, )?(?:call|see \w+)", {"and call", "and see ", "and , call", "and , see ", "or call"}),
        (r"(?<!by )now (?!that)", {"now "}),
        (r"(?:ha)+", set()),
        (r"(?:very )?\w+", set()),
        (r"(?i:stop)", set()),
    ],
)
def test_the_words_with_which_a_match_begins(pattern: str, words: set[str]) -> None:
    assert words <= beginnings(re.compile(pattern))
    assert bool(words) == bool(beginnings(re.compile(pattern)))


def test_of_beginnings_of_one_another_the_shortest_is_left() -> None:
    assert beginnings(re.compile("now|now then|and now")) == {"now", "and now"}


@pytest.mark.parametrize("cue", [*CUES.cues, *VALUES.cues], ids=named)
def test_a_pattern_is_found_at_its_beginnings_as_everywhere(cue: Cue) -> None:
    for text in ("\n".join(SPOKEN), " ".join(SPOKEN)):
        by_beginnings = [found.span() for found in ByBeginnings(cue.pattern).finditer(text) if found[0]]
        assert by_beginnings == [found.span() for found in cue.pattern.finditer(text) if found[0]]


@pytest.mark.parametrize("pattern", [_AGAINST, _STOPS, _PHRASE.pattern, _AS_NEEDED.pattern, re.compile(r"\w*ing\b")])
def test_a_pattern_is_searched_for_at_its_beginnings_as_everywhere(pattern: re.Pattern[str]) -> None:
    places = ByBeginnings(pattern)
    for text in SPOKEN:
        found, wanted = places.search(text), pattern.search(text)
        assert (found and found.span()) == (wanted and wanted.span()), text
        each = (pattern.match(text, start) for start in range(len(text)))
        assert [it.span() for it in places.everywhere(text)] == [it.span() for it in each if it], text


def test_a_quote_in_a_turn_without_marks_is_not_spoken_against() -> None:
    for text in SPOKEN:
        if not Speech(text).marks & AGAINST:
            assert not may_be_spoken_against(text), text
        if not may_be_spoken_against(text):
            words = [word.span() for word in re.finditer(r"[^\W\d_]{3,}", text)]
            assert not any(is_spoken_against(text, *word) for word in words), text


def test_most_patterns_are_sifted_out_of_most_texts() -> None:
    tried = sum((CUES.marks(text)).bit_count() for text in SPOKEN)
    assert tried < 0.25 * len(SPOKEN) * len(CUES.cues)


def test_a_pattern_that_comes_late_is_found_in_texts_that_are_read_later() -> None:
    sieve = Sieve()
    first = sieve.add(re.compile("pain"))
    assert sieve.marks("no pain") == first.bit
    second = sieve.add(re.compile("no"))
    assert sieve.marks("no pain") == first.bit | second.bit

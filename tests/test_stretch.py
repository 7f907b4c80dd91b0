"""What is read of speech kind by kind, looked for stem by stem, and remembered from one visit to the next."""

from typing import get_args

import pytest

from app.extraction.claims import are_said, is_everyday, shares_a_word, stems
from app.extraction.evidence import Searchable
from app.extraction.grounding import _drugs_named, drugs_named, ground_drug
from app.extraction.stretch import Stretch, read_together, read_values
from app.extraction.support import Region
from app.extraction.values import Kind
from app.language.drugs import drugs_in, drugs_in_each, is_drug_name
from app.language.plain import plain
from app.language.speech import Speech, speeches
from app.language.turns import split_turns
from tests.conftest import PROJECT

SPOKEN = [
    line
    for path in sorted((PROJECT / "app/samples/visits").glob("*.txt"))
    for line in path.read_text(encoding="utf-8").splitlines()
]


def test_the_kinds_of_value_make_up_all_values() -> None:
    for text in SPOKEN:
        values, stretch = read_values(text), Stretch(Speech(text), 3)
        for kind in reversed(get_args(Kind)):
            moved = [(value.start - 3, value.end - 3, value.key, value.drugs) for value in stretch.of(kind)]
            assert moved == [(v.start, v.end, v.key, v.drugs) for v in values if v.kind == kind], text


def test_what_is_read_together_is_what_is_read_alone() -> None:
    texts = [*SPOKEN, "", "İron is low", "mometasone’s", "two", "weeks", "vitamin", "d", "check the", "iron", "\n"]
    for speech, text in zip(speeches(texts), texts, strict=True):
        alone = Speech(text)
        assert (speech.small, speech.marks) == (alone.small, alone.marks), text
    assert drugs_in_each(list(map(plain, texts))) == [drugs_in(plain(text)) for text in texts]
    _, fields = read_together([(3, "take aspirin")], texts)
    assert [field.values() for field in fields] == list(map(read_values, texts))


def test_a_time_is_held_against_the_time_between_two_doses_as_well() -> None:
    stretch = Stretch(Speech("take it every six hours for two days"), 0)
    assert [value.kind for value in stretch.like("span")] == ["frequency", "span"]
    assert [value.kind for value in stretch.like("frequency")] == ["frequency"]


def test_a_stem_is_said_where_a_word_has_it() -> None:
    known = sorted(stems("\n".join(SPOKEN)))
    for text in filter(str.isascii, SPOKEN):
        here = stems(text)
        assert [stem for stem in known if are_said(frozenset([stem]), text.lower())] == sorted(here), text


@pytest.mark.parametrize(
    ("text", "said", "shared"),
    [
        ("Order a blood count", "the counting of blood", True),
        ("Order a blood count", "a second order", False),
        ("Order a blood count", "bloodless accounts", True),
        ("Order a count", "an account of blood", False),
        ("and then the patient", "nothing at all", True),  # says nothing that can be looked for
    ],
)
def test_a_text_shares_a_word_with_the_quotes(text: str, said: str, shared: bool) -> None:
    assert shares_a_word(text, said) == shared == (not stems(text) or not stems(text).isdisjoint(stems(said)))


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("take your Zanaflexa now", "said"),
        ("zanaflexas", "said"),
        ("zanaflexaxyzw", "nothing"),
        ("zana flexa", "nothing"),
    ],
)
def test_an_unknown_name_is_said_where_it_stands_or_sounds_alike(said: str, outcome: str) -> None:
    text = f"Doctor: {said}"
    region = Region(Searchable(text, split_turns(text)), "zanaflexa")
    region.quotes = region.searchable.locate(said, 1)
    assert ground_drug("zanaflexa", drugs_named("zanaflexa"), region) == outcome


@pytest.mark.parametrize("text", ["twice a day", "500 mg", "in two weeks", "chest pain", "every morning with food"])
def test_what_is_said_every_day_is_remembered(text: str) -> None:
    assert is_everyday(text)


@pytest.mark.parametrize(
    "text", ["when your sister Ann is back", "on 5551234", "twice a day for Mr Lee", "two weeks " * 5]
)
def test_what_may_tell_of_a_patient_is_not_remembered(text: str) -> None:
    assert not is_everyday(text)


def test_of_names_only_those_in_the_dictionary_are_remembered() -> None:
    assert all(map(is_drug_name, ("Lisinopril", "advil")))
    assert not any(map(is_drug_name, ("Ann Lee", "lisinopril for Ann Lee", "the pill of my sister", "")))
    assert drugs_named("Ann Lee") == frozenset(["ann lee"])
    known = _drugs_named.cache_info().currsize
    drugs_named("Ann Lee of Elm Street")
    assert _drugs_named.cache_info().currsize == known

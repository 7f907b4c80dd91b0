"""What is read of speech kind by kind, looked for stem by stem, and remembered from one visit to the next."""

from typing import get_args

import pytest

from app.extraction.claims import are_said, is_everyday, stems
from app.extraction.grounding import _drugs_named, drugs_named
from app.extraction.stretch import Stretch, read_values
from app.extraction.values import Kind
from app.language.drugs import is_drug_name
from app.language.speech import Speech
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


def test_a_time_is_held_against_the_time_between_two_doses_as_well() -> None:
    stretch = Stretch(Speech("take it every six hours for two days"), 0)
    assert [value.kind for value in stretch.like("span")] == ["frequency", "span"]
    assert [value.kind for value in stretch.like("frequency")] == ["frequency"]


def test_a_stem_is_said_where_a_word_has_it() -> None:
    known = sorted(stems("\n".join(SPOKEN)))
    for text in filter(str.isascii, SPOKEN):
        here = stems(text)
        assert [stem for stem in known if are_said(frozenset([stem]), text.lower())] == sorted(here), text


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

"""Lists what an item claims: every drug, dose, frequency, span of time, day and number in its fields."""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from app.extraction.stretch import Stretch, read_values
from app.extraction.values import Value, uncovered
from app.findings import ITEM_TYPES
from app.language.drugs import is_drug_name
from app.language.phrases import words
from app.language.problems import problem_names

# Field that names what an item is about, by category; elsewhere it is the description.
_SUBJECT = {
    "medication_instructions": "medication_name",
    "problems": "name",
    "allergies": "substance",
    "vitals": "name",
    "custom": "value",
}
_CHECKED = (
    *("medication_name", "dosage", "frequency", "duration", "reason", "special_instructions", "description", "due"),
    *("name", "substance", "reaction", "value"),
)
_FIELDS = {
    category: tuple(field for field in _CHECKED if field in kind.model_fields) for category, kind in ITEM_TYPES.items()
}
_A_DAY = (1.0, 1.0, "days")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SMALL_WORD = re.compile(r"[a-z]{2,}")
_SHORT = 40
# Readings of everyday words, by the words: looked up before it is asked whether they are everyday ones.
_REMEMBERED: dict[str, Sequence[Value]] = {}
_MOST_REMEMBERED = 4096
FEW = 12
_PROBLEMS = problem_names()
_EVERYDAY_WORDS = words(
    """
    a an the and or of to in on at by for from with within after before every each per once twice times time daily
    nightly weekly monthly yearly day days night week weeks month months year years hour hours minutes morning evening
    bed bedtime breakfast dinner meals food as needed next this other today tonight tomorrow monday tuesday wednesday
    thursday friday one two three four five six seven eight nine ten twelve fourteen twenty thirty forty fifty sixty
    eighty hundred thousand half point mg mcg g ml units milligrams micrograms grams tablet tablets pill pills capsule
    capsules puff puffs drop drops spray sprays patch
    """
)
_EMPTY_WORDS = words(
    """the and for with your you that this from have has are was were will would can could should about into over per
    his her their our its not any all get got some also then than when what who how out off take taking start started
    continue use using make sure please order schedule patient doctor clinician need needs
    to of in on at by is it be do we he me my no or so an as if up us go am"""
)


class Claim(NamedTuple):
    """One value in one field of an item; `words` are how the item spells it."""

    field: str
    words: str
    value: Value


def unread(category: str, item: dict[str, Any]) -> list[str]:
    """The texts of the fields that may tell values, but for those whose values are remembered."""
    return [text for field in _FIELDS[category] if (text := item.get(field)) and text not in _REMEMBERED]


def values_told(
    category: str, item: dict[str, Any], ahead: Mapping[str, Stretch] = MappingProxyType({})
) -> dict[str, Sequence[Value]]:
    """The values in each field of an item that tells any; some texts are read `ahead`."""
    told: dict[str, Sequence[Value]] = {}
    for field in _FIELDS[category]:
        text = item.get(field)
        if text and (values := _values_in(text, ahead)):
            told[field] = values
    return told


def claims_of(item: dict[str, Any], told: dict[str, Sequence[Value]]) -> list[Claim]:
    """Claims field by field, the same value of one kind only once."""
    claims: list[Claim] = []
    for field, values in told.items():
        text = item[field]
        for value in _claimed(field, values):
            if not (claims and _repeated(value, claims)):
                claims.append(Claim(field, text[value.start : value.end], value))
    return claims


def subject_field(category: str) -> str:
    """The field that says what an item is about."""
    return _SUBJECT.get(category, "description")


def subject_of(category: str, item: dict[str, Any]) -> str:
    """The words that say what the item is about."""
    return str(item.get(subject_field(category)) or "")


def stems(text: str) -> frozenset[str]:
    """The first five letters of each word that carries meaning."""
    words = set(_SMALL_WORD.findall(text.lower()) if text.isascii() else map(str.casefold, _WORD.findall(text)))
    return frozenset([word[:5] for word in words - _EMPTY_WORDS])


def in_small_letters(text: str) -> str | None:
    """The text in small letters, unless folding would make others of them ("ß" is "ss")."""
    small = text.lower()
    if small.isascii() or (len(small) == len(text) and small == text.casefold()):
        return small
    return None


def are_said(wanted: frozenset[str], small: str) -> bool:
    """Whether one of a `FEW` stems is that of a word in a text in small letters, of which folding makes no others.

    In a visit this takes a tenth of the time of taking the stems of all its words.
    """
    for stem in wanted:  # noqa: SIM110 (a generator costs more than the search)
        if stem in small and _is_said(stem, small):
            return True
    return False


def shares_a_word(text: str, small: str) -> bool:
    """Whether one of the stems of a short ASCII text is said in such a text, or it has none."""
    empty = True
    for word in _SMALL_WORD.findall(text.lower()):
        if word not in _EMPTY_WORDS:
            empty = False
            if _is_said(word[:5], small):
                return True
    return empty


def _is_said(stem: str, small: str) -> bool:
    at = small.find(stem)
    while at >= 0:
        if not at or not small[at - 1].isalpha():
            found = _WORD.match(small, at)
            if found and (word := found[0])[:5] == stem and word not in _EMPTY_WORDS:
                return True
        at = small.find(stem, at + 1)
    return False


def _values_in(text: str, ahead: Mapping[str, Stretch]) -> Sequence[Value]:
    """What is said every day is remembered once it was read."""
    known = _REMEMBERED.get(text)
    if known is None:
        stretch = ahead.get(text)
        known = stretch.values() if stretch else read_values(text)
        if len(text) <= _SHORT and (is_everyday(text) or is_drug_name(text)):
            if len(_REMEMBERED) >= _MOST_REMEMBERED:
                _REMEMBERED.clear()
            _REMEMBERED[text] = known
    return known


def is_everyday(text: str) -> bool:
    """Whether a short text is one that tells of no patient: the name of a problem, or how much, how often and when.

    Nothing else may stay in memory when the visit is done, names in the dictionary of drugs apart.
    """
    if len(text) > _SHORT:
        return False
    return text in _PROBLEMS or all(word in _EVERYDAY_WORDS or _is_amount(word) for word in text.split())


def _is_amount(word: str) -> bool:
    return len(word) <= 4 and word.isdigit()


def _claimed(field: str, told: Sequence[Value]) -> Iterator[Value]:
    values = uncovered(told)
    for value in map(_as_rate, values) if field == "frequency" else values:
        if value.instead is None and not (value.kind == "number" and field in ("medication_name", "name")):
            yield value


def _as_rate(value: Value) -> Value:
    """In the field for frequencies "a day" is no length of time, but how often."""
    return value._replace(kind="frequency", key="1/day") if (value.kind, value.key) == ("span", _A_DAY) else value


def _repeated(value: Value, claims: list[Claim]) -> bool:
    return (value.kind, value.key) in [(other.value.kind, other.value.key) for other in claims]

"""Lists what an item claims: every drug, dose, frequency, span of time, day and number in its fields."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.extraction.values import Value, read_values, uncovered
from app.language.phrases import words

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
_A_DAY = (1.0, 1.0, "days")
_WORD = re.compile(r"[^\W\d_]{2,}")
_EMPTY_WORDS = words(
    """the and for with your you that this from have has are was were will would can could should about into over per
    his her their our its not any all get got some also then than when what who how out off take taking start started
    continue use using make sure please order schedule patient doctor clinician need needs
    to of in on at by is it be do we he me my no or so an as if up us go am"""
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One value in one field of an item; `words` are how the item spells it."""

    field: str
    words: str
    value: Value


def claims_of(category: str, item: dict[str, Any]) -> list[Claim]:
    """Claims field by field, the same value of one kind only once."""
    claims: list[Claim] = []
    for field in _CHECKED:
        text = item.get(field)
        if isinstance(text, str):
            claims += (claim for claim in _claims(field, text) if not _repeated(claim, claims))
    return claims


def subject_of(category: str, item: dict[str, Any]) -> str:
    """The words that say what the item is about."""
    return str(item.get(_SUBJECT.get(category, "description")) or "")


def stems(text: str) -> frozenset[str]:
    """The first five letters of each word that carries meaning."""
    words = set(_WORD.findall(text.lower())) if text.isascii() else set(map(str.casefold, _WORD.findall(text)))
    return frozenset([word[:5] for word in words - _EMPTY_WORDS])


def _claims(field: str, text: str) -> Iterator[Claim]:
    values = uncovered(read_values(text))
    for value in map(_as_rate, values) if field == "frequency" else values:
        if value.instead is None and not (field in ("medication_name", "name") and value.kind == "number"):
            yield Claim(field, text[value.start : value.end], value)


def _as_rate(value: Value) -> Value:
    """In the field for frequencies "a day" is no length of time, but how often."""
    return value._replace(kind="frequency", key="1/day") if (value.kind, value.key) == ("span", _A_DAY) else value


def _repeated(claim: Claim, claims: list[Claim]) -> bool:
    return any(claim.value.kind == other.value.kind and claim.value.key == other.value.key for other in claims)

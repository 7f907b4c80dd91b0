"""Reads the vital signs and bedside measurements that were said to have been found, not those aimed at."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.language.numbers import Number, find_numbers
from app.llm.offline.hearing import Heard
from app.llm.offline.phrase_lists import CUES
from app.llm.offline.visit import SpokenTurn

Item = dict[str, Any]

# Name -> what it is called, unit, lowest and highest value that a living patient has.
_SIGNS: tuple[tuple[str, str, str | None, float, float], ...] = (
    ("blood pressure", r"blood pressures?|\bbp\b", "mmHg", 50, 280),
    ("heart rate", r"heart rate|pulse(?! ox)(?: rate)?", "beats/min", 25, 250),
    ("respiratory rate", r"respirat(?:ory rate|ions?)|breathing rate", "breaths/min", 4, 70),
    ("temperature", r"temperature|temp\b", None, 33, 108),
    (
        "oxygen saturation",
        r"oxygen (?:saturation|level|sat)s?|o ?2 sats?|pulse ox(?:imetry)?|saturations?|\bsats\b|spo ?2",
        "%",
        50,
        100,
    ),
    ("weight", r"weighs?\b|weight(?: is| was| today)|weighing", None, 1, 700),
    ("bmi", r"\bb ?m ?i\b|body mass index", None, 8, 90),
    ("hemoglobin a1c", r"(?:ha?emoglobin )?a ?1 ?c|hba1c", "%", 3, 20),
    ("blood glucose", r"blood (?:sugars?|glucose)|glucose", None, 40, 900),
)
_NAMES = "|".join(f"(?P<s{at}>{said})" for at, (_, said, *_) in enumerate(_SIGNS))
_SIGN = CUES.add(re.compile(rf"\b(?:{_NAMES})"))
_OVER = re.compile(r"\s*(?:over|/|on)\s*(?:a\s+)?")
_AIM = re.compile(
    r"\b(?:goal|target|aim\w*|below|under|less than|above|greater than|more than|higher than|lower than"
    r"|at least|want (?:it|your|that|to)|keep (?:it|your)|"
    r"should be|normal is|ideal\w*|closer to|get (?:it|your|that)|if (?:it|your|the)|once it|until|last (?:year"
    r"|time|visit)|recheck|repeat|month|week|check|not|couple)\b"
)
_LONGEST_GAP = 60
_UNITS = re.compile(
    r"\s*(?:(?P<lb>pounds?|lbs?)|(?P<kg>kilo\w*|kgs?)|(?P<st>stone)|(?P<f>degrees fahrenheit|fahrenheit)"
    r"|(?P<c>degrees (?:celsius|centigrade)|celsius|centigrade)"
    r"|(?P<bad>days?|weeks?|months?|years?|milligrams?|mg\b|times|o'clock|minutes?|hours?|tablets?))\b"
)
_WRITTEN = {"lb": "lb", "kg": "kg", "st": "st", "f": "°F", "c": "°C"}


@dataclass(frozen=True, slots=True)
class _Reading:
    sign: str
    value: str
    unit: str | None
    start: int
    end: int


def read_vitals(heard: Heard) -> list[Item]:
    """Items of `findings.Vital`, each reading once, in the order said."""
    found: dict[tuple[str, str], Item] = {}
    for turn, words, marks in zip(heard.turns, heard.words, heard.marks, strict=True):
        if marks & _SIGN.bit:
            for reading in _readings(words):
                found.setdefault((reading.sign, reading.value), _item(reading, turn))
    return list(found.values())


def _readings(words: str) -> Iterator[_Reading]:
    signs = list(_SIGN.pattern.finditer(words))
    numbers = find_numbers(words) if signs else []
    starts = [number.start for number in numbers]
    for at, sign in enumerate(signs):
        end = min(sign.end() + _LONGEST_GAP, signs[at + 1].start() if at + 1 < len(signs) else len(words))
        first, stop = bisect_left(starts, sign.end()), bisect_left(starts, end)
        reading = _reading(words, sign, numbers[first:stop], numbers[first : stop + 1])
        if reading:
            yield reading


def _reading(words: str, sign: re.Match[str], near: list[Number], numbers: list[Number]) -> _Reading | None:
    name, _, unit, low, high = _SIGNS[int(str(sign.lastgroup)[1:])]
    for number in near:
        if _AIM.search(words, max(0, sign.start() - 30), number.start):
            return None
        said = _UNITS.match(words, number.end)
        if number.low != number.high or not low <= number.low <= high or (said and said["bad"]):
            continue
        if name == "blood pressure":
            return _pressure(words, sign, number, numbers)
        return _Reading(name, f"{number.low:g}", _unit(said, unit), sign.start(), said.end() if said else number.end)
    return None


def _unit(said: re.Match[str] | None, unit: str | None) -> str | None:
    return _WRITTEN[str(said.lastgroup)] if said and said.lastgroup else unit


def _pressure(words: str, sign: re.Match[str], upper: Number, numbers: list[Number]) -> _Reading | None:
    """Only the pair "120 over 80" is a blood pressure; one number alone leaves open which it is."""
    over = _OVER.match(words, upper.end)
    lower = next((number for number in numbers if over and number.start == over.end()), None)
    if lower is None or not 20 <= lower.low < upper.low:
        return None
    return _Reading("blood pressure", f"{upper.low:g}/{lower.low:g}", "mmHg", sign.start(), lower.end)


def _item(reading: _Reading, turn: SpokenTurn) -> Item:
    return {
        "name": reading.sign,
        "value": reading.value,
        "unit": reading.unit,
        "commitment": "continuing",
        "evidence": [{"turn": turn.number, "quote": turn.text[reading.start : reading.end]}],
    }

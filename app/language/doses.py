"""Finds doses in speech: a number with a unit of strength or a countable form of medicine."""

import re
from typing import NamedTuple

from app.language.numbers import Number, keep_last_said
from app.language.speech import Speech, speech_of

# Unit as doses carry it -> how it is written and said, in small letters.
_SPELLINGS = {
    "mg": r"mgs?|milligram(?:me)?s?",
    "mcg": r"mcgs?|[µμ]g|ug|microgram(?:me)?s?|mics?",
    "g": r"gm?s?|gram(?:me)?s?",
    "kg": r"kgs?|kilo(?:gram(?:me)?)?s?",
    "ml": r"mls?|mils?|millilit(?:er|re)s?|ccs?",
    "meq": r"meqs?|milliequivalents?",
    "mmol": r"mmols?|millimoles?",
    "units": r"units?|iu|international units?",
    "%": r"%|per ?cent",
    "tablet": r"tablets?|tabs?|pills?|caplets?",
    "capsule": r"capsules?|caps?",
    "puff": r"puffs?|inhalations?",
    "spray": r"sprays?|squirts?",
    "drop": r"drops?",
    "patch": r"patch(?:es)?",
    "teaspoon": r"teaspoons?(?:fuls?)?|tsps?",
    "tablespoon": r"tablespoons?(?:fuls?)?|tbsps?",
    "spoonful": r"spoon(?:ful)?s?",
    "sachet": r"sachets?|packets?",
    "suppository": r"suppositor(?:y|ies)",
    "pessary": r"pessar(?:y|ies)",
    "lozenge": r"lozenges?",
    "gummy": r"gumm(?:y|ies)",
    "ampoule": r"ampoules?|ampules?|vials?|nebules?",
    "injection": r"injections?|shots?|jabs?",
    "dose": r"doses?",
}
STRENGTHS = frozenset({"mg", "mcg", "g", "ml", "meq", "mmol", "units", "%"})
_IN_MILLIGRAMS = {"mcg": 0.001, "mg": 1.0, "g": 1000.0}

# The empty groups tell which it was; a group around a spelling would hide from the matcher with what it begins.
_UNIT = re.compile(
    r"[ \t]*(?:-[ \t]*)?(?:(?:(?:of )?an?|small|whole|single|extra|more)[ \t]+)?(?:"
    + "|".join(f"(?:{spelling})(?!\\w)(?P<u{at}>)" for at, spelling in enumerate(_SPELLINGS.values()))
    + ")"
)
_UNIT_IN_ANY_LETTERS = re.compile(f"(?i:{_UNIT.pattern})")
_NAMES = list(_SPELLINGS)
# "265 milligrams per deciliter" is a laboratory value and "98 percent on room air" an oxygen saturation.
_LABORATORY = re.compile(
    r"(?i:\s*(?:/|per\s+|a\s+)(?:d|deci|milli)?l(?:iters?|itres?)?\b|\s+(?:on room air|oxygen|sat))"
)


class Dose(NamedTuple):
    """An amount said at `text[start:end]`, number and unit; `low == high` unless a range was said.

    `unit` is a name of the table above: "mg", "mcg", "g", "ml", "units", "%", "tablet", "puff", "drop" ...; `withdrawn`
    holds the spans of amounts that the speaker took back just before.
    """

    start: int
    end: int
    low: float
    high: float
    unit: str
    withdrawn: tuple[tuple[int, int], ...] = ()


def find_doses(text: str | Speech) -> list[Dose]:
    """Doses in order, offsets in code points; an amount without a unit is no dose, a laboratory value neither."""
    kept: list[Dose] = []
    speech = speech_of(text)
    text = speech.text
    said, unit = (speech.small, _UNIT) if text.isascii() else (text, _UNIT_IN_ANY_LETTERS)
    for number in speech.numbers:
        if (dose := _dose(said, number, unit)) is None:
            continue
        if kept and kept[-1].unit == dose.unit:
            kept += keep_last_said(text, [kept.pop(), dose])
        else:
            kept.append(dose)
    return kept


def same_dose(one: Dose, other: Dose) -> bool:
    """Whether two doses are the same amount: "0.5 g" is "500 mg", a tablet is a pill."""
    return _amount(one) == _amount(other)


def _amount(dose: Dose) -> tuple[float, float, str]:
    scale = _IN_MILLIGRAMS.get(dose.unit)
    if scale is None:
        return dose.low, dose.high, dose.unit
    return round(dose.low * scale, 6), round(dose.high * scale, 6), "mg"


def _dose(text: str, number: Number, units: re.Pattern[str]) -> Dose | None:
    unit = units.match(text, number.end)
    if not unit or not unit.lastgroup or _LABORATORY.match(text, unit.end()):
        return None
    name = _NAMES[int(unit.lastgroup[1:])]
    return Dose(number.start, unit.end(), number.low, number.high, name, number.withdrawn)

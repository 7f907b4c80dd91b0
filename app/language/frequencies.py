"""Finds how often a medicine is taken: "twice a day", "bid", "every four to six hours as needed"."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from app.language.numbers import Number, keep_last_said
from app.language.phrases import Phrases, words
from app.language.speech import A_NUMBER, VALUES, Speech, speech_of

_PERIODS = {"day": "day", "daily": "day", "night": "day", "week": "week", "weekly": "week", "month": "month"}
_PERIODS |= {"monthly": "month", "year": "year", "yearly": "year", "hour": "hour", "24 hours": "day"}
_PERIOD = r"24 hours|day|daily|night|week|weekly|month|monthly|year|yearly|hour"
_PER = r"(?:(?:a|an|per|each|every|in a|in|over|/|of the|through the|throughout the|during the)[ \t]*)?"
_GAP = r"[\s,]*(?:(?:uh|um|er|erm)[\s,]+)*"
_TIMES_PER = re.compile(rf"[ \t-]*(?:times?|x|doses?){_GAP}(?:/[ \t]*)?{_PER}(?P<period>{_PERIOD})\b")
_A_DAY = re.compile(r"[ \t]+(?:a|per)[ \t]+day\b|[ \t]+daily\b")
_EVERY = re.compile(r"\b(?:every|each|q\.?)[\s,]*(?:(?:uh|um|about|like)[\s,]+)*$")
_INTERVAL_UNIT = re.compile(r"[ \t-]*(?P<unit>hours?|hourly|hrs?|h|days?|weeks?|wks?|months?|minutes?|mins?)\b")
_HOURLY = re.compile(r"[ \t-]*hourly\b")
_LETTERS = {"hour": "h", "hr": "h", "h": "h", "hourly": "h", "day": "d", "week": "w", "wk": "w", "month": "mo"}
_LETTERS |= {"minute": "min", "min": "min"}

# Set phrases -> code. Longer phrases come before the shorter ones that they hold.
_PHRASES: dict[str, str] = {
    rf"(?:once or twice|one or two times){_GAP}{_PER}(?:day|daily)": "1-2/day",
    rf"(?:twice|2x|b\.?[ ]?i\.?[ ]?d\b\.?|two times){_GAP}{_PER}(?:day|daily)": "2/day",
    rf"thrice{_GAP}{_PER}(?:day|daily)": "3/day",
    rf"(?:once|one time){_GAP}{_PER}(?:day|daily|24 hours)|once every day": "1/day",
    rf"twice{_GAP}{_PER}(?:week|weekly)": "2/week",
    rf"once{_GAP}{_PER}(?:week|weekly)|weekly|(?:every|each|per) (?:single )?week": "1/week",
    rf"twice{_GAP}{_PER}(?:month|monthly)": "2/month",
    rf"once{_GAP}{_PER}(?:month|monthly)|monthly|(?:every|each|per) month": "1/month",
    rf"twice{_GAP}{_PER}(?:year|yearly)": "2/year",
    rf"once{_GAP}{_PER}(?:year|yearly)|yearly|annually|(?:every|each|per) year": "1/year",
    r"every (?:other|second) day|(?:on )?alternate days|every alternate day|q\.?o\.?d\b\.?": "q2d",
    r"every (?:other|second) week|fortnightly|every fortnight|bi-?weekly": "q2w",
    r"every (?:other|second) month": "q2mo",
    r"(?:in the |every )?mornings?,? and (?:(?:in|at) )?(?:the |every )?(?:nights?|evenings?|bedtime)": "2/day",
    r"(?:once )?(?:in|first thing in|every|each|of) (?:the |a )?mornings?|every day in the morning": "in the morning",
    r"(?:in|every|each) (?:the )?evenings?": "in the evening",
    r"(?:at|before|every night before|right before|just before|when you go to) bed(?:time)?|q\.?[ ]?h\.?[ ]?s\b\.?": (
        "at bedtime"
    ),
    r"before (?:you go to |going to )(?:bed|sleep)": "at bedtime",
    r"nightly|(?:every|each) (?:single )?night|at night(?: ?time)?|nocte|once (?:a|per|every) night": "at night",
    r"b\.[ ]?i\.[ ]?d\b\.?|b i d|bid|bd|b\.d\b\.?": "2/day",
    r"t\.[ ]?i\.[ ]?d\b\.?|t i d|tid|tds|t\.d\.s\b\.?": "3/day",
    r"q\.[ ]?i\.[ ]?d\b\.?|q i d|qid|qds|q\.d\.s\b\.?": "4/day",
    r"q\.?[ ]?daily|q\.?[ ]?d\b\.?|q day": "1/day",
    r"(?:with|before|after|at) (?:each |every |your |all )?(?:meals?|mealtimes?)|with (?:breakfast|lunch),? (?:lunch )?"
    r"and (?:dinner|supper)": "with meals",
    r"every hour|hourly": "q1h",
    r"(?:each and )?every (?:single )?day|everyday|each day|once daily|daily|per day": "1/day",
}
_DOSE_A_DAY = VALUES.add(
    re.compile(
        r"\b(?:milligrams?|mgs?|micrograms?|mcgs?|grams?|tablets?|pills?|capsules?|puffs?|units?|sprays?|drops?)"
        r"[\s,]+(?P<often>a day)\b"
    )
)
# The empty groups tell which it was; a group around a phrase would hide from the matcher with what it begins.
_PHRASE = VALUES.add(
    re.compile(rf"\b(?:{'|'.join(f'(?:{phrase})(?P<p{at}>)' for at, phrase in enumerate(_PHRASES))})(?!\w)")
)
_Q_HOURS = VALUES.add(re.compile(r"\bq(?P<from>[0-9]{1,2})(?:-(?P<to>[0-9]{1,2}))?[ ]?(?:h|hours?|hrs?)\b"))
# Words that a set phrase or "as needed" can open with.
_OPENINGS = words(
    """
    once one twice two 2x thrice weekly every each per on alternate monthly yearly annually fortnightly bi
    biweekly in the morning mornings first of evenings at before right just when q qhs qod qd qid qds nightly
    nocte b bid bd t tid tds with after hourly everyday daily only as if whenever p prn
    """
)
_CODES = list(_PHRASES.values())
_AS_NEEDED = VALUES.add(
    re.compile(
        r"\b(?:(?:only )?(?:as|when|if|whenever)(?: and when)?(?: (?:it'?s|it is|you|they'?re|ever))*"
        r" (?:needed|need(?: (?:it|them|to|that))?|required|require(?: (?:it|them))?|necessary)"
        r"|p\.?[ ]?r\.?[ ]?n\b\.?|on an as[ -]needed basis)(?!\w)"
    )
)
# Where none of these bits is set, nothing tells how often.
_OF_PHRASES = _PHRASE.bit | _DOSE_A_DAY.bit | _Q_HOURS.bit
MARKS = A_NUMBER | _OF_PHRASES | _AS_NEEDED.bit
_SET_PHRASES, _NEEDS = Phrases(_PHRASE, _OPENINGS), Phrases(_AS_NEEDED, _OPENINGS)
# What is tried behind a number only if it goes on like one of its patterns.
_GOES_ON = re.compile(r"[ \t-]*(?:time|x|dose|h|da|w|mo|mi|a|per)")
_JOINED = re.compile(r"[\s,.]*(?:\b(?:just|only|uh|um|and|but|or|for (?:the )?pain)\b[\s,]*)*")
_NIGHT = {"at night", "at bedtime"}
_HOURS_A_DAY = 24.0
_DAYS = {"d": 1.0, "w": 7.0, "mo": 30.4375}
_PER_DAY = {"day": 1.0, "week": 1 / 7, "month": 1 / 30.4375, "year": 1 / 365.25, "hour": 24.0}
_RATE = re.compile(
    r"(?P<low>[\d.]+)(?:-(?P<high>[\d.]+))?/(?P<period>\w+)|q(?P<from>[\d.]+)(?:-(?P<to>[\d.]+))?(?P<unit>\w+)"
)


class Frequency(NamedTuple):
    """How often, as said at `text[start:end]`.

    `code` is "2/day", "3-4/day", "1/week", "q6h", "q4-6h", "q2d" (every other day), "in the morning", "in the evening",
    "at night", "at bedtime", "with meals" or, where nothing else is said, "as needed".
    `withdrawn` holds the spans of those that the speaker took back just before ("twice a day, sorry, once a day").
    """

    start: int
    end: int
    code: str
    as_needed: bool = False
    withdrawn: tuple[tuple[int, int], ...] = ()


def find_frequencies(text: str | Speech) -> list[Frequency]:
    """Frequencies in order, without overlap, offsets in code points; "as needed" joins the frequency beside it."""
    speech = speech_of(text)
    found = list(_counted(speech)) if speech.small_numbers else []
    if speech.marks & _OF_PHRASES:
        found += _phrases(speech)
    needed = [Frequency(match.start(), match.end(), "as needed", True) for match in _NEEDS.find(speech)]
    if len(found) + len(needed) < 2:
        return found or needed
    found.sort(key=lambda it: (it.start, -it.end))
    return _join_as_needed(speech.small, keep_last_said(speech.text, _without_overlap(found)), needed)


def same_frequency(one: str, other: str) -> bool:
    """Whether two codes ask for the same; "2/day" and "q12h" are kept apart, "at night" and "at bedtime" are not."""
    return one == other or {one, other} <= _NIGHT


def times_a_day(code: str) -> tuple[float, float] | None:
    """Doses a day, lowest and highest, that a code comes to; None where it does not say ("with meals", "as needed")."""
    if code in _NIGHT or code in ("in the morning", "in the evening"):
        return 1.0, 1.0
    match = _RATE.fullmatch(code)
    if not match:
        return None
    if match["period"]:
        per = _PER_DAY[match["period"]]
        return float(match["low"]) * per, float(match["high"] or match["low"]) * per
    return _from_interval(float(match["from"]), float(match["to"] or match["from"]), match["unit"])


def _from_interval(shortest: float, longest: float, unit: str) -> tuple[float, float] | None:
    if not shortest or unit == "min":
        return None
    if unit == "h":
        return _HOURS_A_DAY / longest, _HOURS_A_DAY / shortest
    return 1 / (longest * _DAYS[unit]), 1 / (shortest * _DAYS[unit])


def _phrases(speech: Speech) -> Iterator[Frequency]:
    for match in _SET_PHRASES.find(speech):
        yield Frequency(match.start(), match.end(), _CODES[int(str(match.lastgroup)[1:])])
    for match in _DOSE_A_DAY.finditer(speech.small, speech.marks):
        yield Frequency(match.start("often"), match.end("often"), "1/day")
    for match in _Q_HOURS.finditer(speech.small, speech.marks):
        hours = match["from"] + (f"-{match['to']}" if match["to"] else "")
        yield Frequency(match.start(), match.end(), f"q{hours}h")


def _counted(speech: Speech) -> Iterator[Frequency]:
    small = speech.small
    for number in speech.small_numbers:
        if not _GOES_ON.match(small, number.end):
            continue
        if times := _TIMES_PER.match(small, number.end):
            yield Frequency(number.start, times.end(), f"{_span(number)}/{_PERIODS[times['period']]}")
        elif (hourly := _HOURLY.match(small, number.end)) and number.high <= 24:
            yield Frequency(number.start, hourly.end(), f"q{_span(number)}h")
        elif interval := _interval(small, number):
            yield interval
        elif number.high <= 4 and (daily := _A_DAY.match(small, number.end)):
            yield Frequency(number.start, daily.end(), f"{_span(number)}/day")


def _interval(small: str, number: Number) -> Frequency | None:
    unit = _INTERVAL_UNIT.match(small, number.end)
    before = unit and _EVERY.search(small, max(0, number.start - 24), number.start)
    if not before or not unit:
        return None
    name = unit["unit"]
    letter = _LETTERS[name if name in _LETTERS else name.rstrip("s")]
    return Frequency(before.start(), unit.end(), f"q{_span(number)}{letter}")


def _span(number: Number) -> str:
    return f"{number.low:g}" if number.low == number.high else f"{number.low:g}-{number.high:g}"


def _without_overlap(found: list[Frequency]) -> list[Frequency]:
    kept: list[Frequency] = []
    for frequency in found:
        if not kept or frequency.start >= kept[-1].end:
            kept.append(frequency)
    return kept


def _join_as_needed(small: str, found: list[Frequency], needed: list[Frequency]) -> list[Frequency]:
    """Marks the frequency right before each "as needed" and stretches it over the words; the rest stand alone."""
    merged: list[Frequency] = []
    for frequency in sorted([*found, *needed], key=lambda it: it.start):
        last = merged[-1] if merged else None
        near = last is not None and frequency.as_needed and frequency.start - last.end <= 24
        if last and near and _JOINED.fullmatch(small, last.end, frequency.start):
            merged[-1] = last._replace(end=frequency.end, as_needed=True)
        elif not last or frequency.start >= last.end:
            merged.append(frequency)
    return merged

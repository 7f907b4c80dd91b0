"""Finds numbers in speech, in digits and in words, with ranges and with values that the speaker took back."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from ahocorasick_rs import AhoCorasick, MatchKind

from app.language.plain import plain
from app.language.spoken_numbers import SCALES, TEENS, TENS, UNITS, WHOLES, read_run

_WORD = "|".join([*UNITS, *TEENS, *TENS, *SCALES, *WHOLES, "half", "quarters?"])
_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(?:\.[0-9]{1,6})?(?![0-9])"
_OPENING = r"(?:an?[ \t]+(?=(?:hundred|thousand|million|half|quarter|couple|dozen)\b))?"
_PART = rf"(?:{_OPENING}\b(?:{_WORD})\b|(?<![\w.,]){_DIGITS}|(?<![\w.])\.[0-9]{{1,6}}|[½¼¾])"
_LINK = (
    r"(?:[ \t]+and[ \t]+|[ \t]+(?:point|\.)[ \t]+(?:(?:oh|zero)[ \t]+)*|[ \t]+oh[ \t]+|[ \t]*-[ \t]*|[ \t]+|(?=[½¼¾]))"
)
# The number of parts is bounded, so that a text made of nothing but number words is read in linear time.
_RUN = re.compile(rf"(?<![^\W\d_]-)(?:\bpoint[ \t]+)?{_PART}(?:{_LINK}{_PART}){{0,7}}")
_RUN_IN_ANY_LETTERS = re.compile(rf"(?<![^\W\d_]-)(?ai:(?:\bpoint[ \t]+)?{_PART}(?:{_LINK}{_PART}){{0,7}})")
# Most words of a visit are no numbers: only where one of these opens a word, or a point a decimal, is the run tried.
OPENINGS = [
    *(*UNITS, *TEENS, *TENS, *SCALES, *WHOLES, "half", "quarter", "quarters", "point", "½", "¼", "¾"),
    *(f"{point}{digit}" for point in ("", ".") for digit in range(10)),
]
_AUTOMATON = AhoCorasick(OPENINGS, matchkind=MatchKind.LeftmostLongest)
# "Half a tablet", but "a half": what may have an article of its own.
_WITH_ARTICLE = frozenset({"hundred", "thousand", "million", "half", "quarter", "couple", "dozen"})
_FRACTION = re.compile(r"(?<![\w./])(?:(?P<whole>[0-9]{1,3})[ \t]+)?(?P<top>[1-3])/(?P<bottom>[2-4])(?![\w/.])")

_ORDINAL = re.compile(r"(?i:st|nd|rd|th)\b")
# "forty-" breaks off; "911-" at the end of a line is whole, and it is the speaker who is broken off.
_CUT_OFF = re.compile(r"(?<=[a-z])-(?=\s|$)|-(?=[ \t]+\S)", re.IGNORECASE)
_PRONOUN_BEFORE = re.compile(
    r"(?i:\b(?:the|this|that|another|no|which|any|each|every|last|next|only|other|good|big|new|old|right|left|first)\s+)$"
)
_COUNTED_AFTER = re.compile(
    r"(?i:[\s-]+(?:minute|hour|day|night|week|month|year|tablet|pill|capsule|puff|drop|spray|dose)s?\b)"
)
_PRONOUN_AFTER = re.compile(r"(?i:'s|\s+(?:of|that|thing|who|which|way|is|was|has|i|you|we|for)\b)")
_TO = re.compile(r"(?i:\s*[-–—]\s*|\s+(?:to|or|through)\s+(?:(?:about|maybe|even)\s+)?)")
_AND = re.compile(r"(?i:\s+(?:and|to)\s+)")
_FROM = re.compile(r"(?i:\bfrom\s+(?:(?:the|about)\s+)?)$")
_BETWEEN = re.compile(r"(?i:\bbetween\s+(?:about\s+)?)$")

_FILLER = r"uh|um|uhm|er|erm|ah|eh|hmm"
_TAKEN_BACK = (
    r"no|nope|sorry|i'?\s?a?m sorry|i mean|rather|actually|make (?:that|it)|wait|correction|scratch that|excuse me|"
    r"let me correct (?:that|myself)|my mistake|i meant|let'?s (?:say|make(?: it| that)?)|"
    r"(?:i )?beg your pardon|pardon(?: me)?|oops|hang on|hold on|apologies|my bad"
)
_CORRECTION = re.compile(
    rf"(?i:[\s,.;:…–-]*(?:\b(?:or|well|it'?s|that'?s|not|you know|{_FILLER})\b[\s,.;:…–-]*)*"
    rf"\b(?:{_FILLER}|{_TAKEN_BACK})\b[\s,.;:…–-]*"
    rf"(?:\b(?:it'?s|that'?s|the|to|of|about|at|for|{_FILLER}|{_TAKEN_BACK})\b[\s,.;:…–-]*)*)"
)
_LONGEST_CORRECTION = 48


class Number(NamedTuple):
    """A value said at `text[start:end]`; `low == high` unless a range was said.

    `withdrawn` holds the spans of values that the speaker took back just before ("twenty, sorry, forty").
    """

    start: int
    end: int
    low: float
    high: float
    withdrawn: tuple[tuple[int, int], ...] = ()


Value = TypeVar("Value", bound=Any)


def find_numbers(text: str) -> list[Number]:
    """Numbers in order, without overlap, offsets in code points.

    A value that the speaker corrected at once is left out, its span kept in `withdrawn` of the value that stands.
    A cut-off number ("twen-", "40- ") has no value; neither have ordinals, codes ("a1c", "b12") and the pronoun "one".
    """
    return numbers_in(text, plain(text))


def numbers_in(text: str, small: str) -> list[Number]:
    """The same of a text whose plain words are known."""
    singles = _singles(text, small)
    if not singles:
        return singles
    ranged = _with_ranges(text, singles) if len(singles) > 1 else singles
    return keep_last_said(text, [number for number in ranged if not _is_cut_off(text, number.end)])


def keep_last_said(text: str, values: Sequence[Value]) -> list[Value]:
    """Drops each value that words of self-correction join to the next one: the last value said wins.

    `values` are spans with `start`, `end` and `withdrawn`, in order. A bare "uh" between two values counts as well.
    """
    if len(values) < 2:
        return list(values)
    kept: list[Value] = []
    for value in values:
        if kept and is_correction(text, kept[-1].end, value.start):
            old = kept.pop()
            value = value._replace(withdrawn=(*old.withdrawn[-3:], (old.start, old.end), *value.withdrawn))
        kept.append(value)
    return kept


def is_correction(text: str, start: int, end: int) -> bool:
    """Whether `text[start:end]`, between two values, takes the first one back."""
    return 0 < end - start <= _LONGEST_CORRECTION and bool(_CORRECTION.fullmatch(text, start, end))


def _is_cut_off(text: str, end: int) -> bool:
    return text.startswith("-", end) and _CUT_OFF.match(text, end) is not None


def _singles(text: str, small: str) -> list[Number]:
    found = list(_in_words_and_figures(text, small))
    fractions = [_fraction(match) for match in _FRACTION.finditer(text)] if "/" in text else []
    if fractions:
        inside = {at for fraction in fractions for at in range(fraction.start, fraction.end)}
        found = sorted([n for n in found if n.start not in inside] + fractions, key=lambda number: number.start)
    return [number for number in found if _is_quantity(text, number)]


def _in_words_and_figures(text: str, small: str) -> Iterator[Number]:
    done = 0
    said, runs = (small, _RUN) if text.isascii() else (text, _RUN_IN_ANY_LETTERS)
    for place, start, end in _AUTOMATON.find_matches_as_indexes(small):
        if start < done or not _opens_a_word(small, start, end):
            continue
        article = _article_before(small, start) if OPENINGS[place] in _WITH_ARTICLE else None
        run = runs.match(said, article) if article is not None and article >= done else None
        if run := run or runs.match(said, start):
            done = run.end()
            for first, last, value in read_run(text, run.start(), done):
                yield Number(first, last, value, value)


def _opens_a_word(small: str, start: int, end: int) -> bool:
    """Whether a number word stands alone, and a digit at the beginning of its word."""
    if small[start] == ".":
        return True
    if start and small[start - 1].isalnum():
        return False
    return small[start].isdigit() or not small[end : end + 1].isalnum()


def _article_before(small: str, start: int) -> int | None:
    at = start
    while at and small[at - 1] in " \t":
        at -= 1
    for article in ("an", "a"):
        opening = at - len(article)
        if at < start and opening >= 0 and small.startswith(article, opening):
            return None if opening and small[opening - 1].isalnum() else opening
    return None


def _fraction(match: re.Match[str]) -> Number:
    value = int(match["whole"] or 0) + int(match["top"]) / int(match["bottom"])
    return Number(match.start(), match.end(), value, value)


def _is_quantity(text: str, number: Number) -> bool:
    if text[number.end : number.end + 1].isalpha() and _ORDINAL.match(text, number.end):
        return False
    if number.low != 1 or text[number.start : number.end].casefold() != "one" or _COUNTED_AFTER.match(text, number.end):
        return True
    before = text[max(0, number.start - 12) : number.start]
    return not (_PRONOUN_BEFORE.search(before) or _PRONOUN_AFTER.match(text, number.end))


def _with_ranges(text: str, numbers: list[Number]) -> Iterator[Number]:
    at = 0
    while at < len(numbers):
        low, high = numbers[at], numbers[at + 1] if at + 1 < len(numbers) else None
        joined = high is not None and _is_range(text, low, high)
        yield Number(low.start, high.end, low.low, high.high) if high and joined else low
        at += 2 if joined else 1


def _is_range(text: str, low: Number, high: Number) -> bool:
    """ "three to four", "3-4", "between 5 and 10", "three four times"; "from 20 to 40" tells a change, not a range."""
    if not low.low < high.high or high.start - low.end > 16:
        return False
    before = text[max(0, low.start - 16) : low.start]
    if _BETWEEN.search(before):
        return bool(_AND.fullmatch(text, low.end, high.start))
    if _TO.fullmatch(text, low.end, high.start):
        return not _FROM.search(before)
    said_in_words = text[low.start].isalpha() and text[high.start].isalpha()
    return said_in_words and high.low == low.low + 1 <= 10 and text[low.end : high.start].isspace()

"""Finds spans of time in speech, and those among them that tell how long a treatment goes on."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from app.language.numbers import keep_last_said
from app.language.speech import A_NUMBER, VALUES, Speech, speech_of

_UNITS = {
    "minute": "minute",
    "min": "minute",
    "hour": "hour",
    "hr": "hour",
    "day": "day",
    "night": "day",
    "week": "week",
}
_UNITS |= {"wk": "week", "fortnight": "fortnight", "month": "month", "year": "year", "yr": "year"}
_DAYS = {
    "minute": 1 / 1440,
    "hour": 1 / 24,
    "day": 1.0,
    "week": 7.0,
    "fortnight": 14.0,
    "month": 30.4375,
    "year": 365.25,
}
_NAMES = r"minute|min|hour|hr|day|night|week|wk|fortnight|month|year|yr"
_UNIT = re.compile(
    rf"(?P<gap>[ \t]*(?:-[ \t]*)?(?:(?:of|more|full|whole|extra|business|working)[ \t]+)*)(?P<unit>{_NAMES})s?'?(?!\w)"
    r"(?P<half>[ \t]+and[ \t]+a[ \t]+half\b)?"
)
# "a week", "a month or so", "a week or two": the article says one. Begins with a set of letters, at which alone the
# search stops.
_ARTICLE = VALUES.add(
    re.compile(
        rf"[ao](?:(?<=\ba)(?:n|nother)?|(?<=\bo)ne more)[ \t]+(?:full |whole |single |good )?(?P<unit>{_NAMES})(?!\w)"
        r"(?:[ \t]+or[ \t]+(?P<more>two|three)\b(?![ \t]+[a-z]*times)|(?P<half>[ \t]+and[ \t]+a[ \t]+half\b))?"
    )
)
_ONE_TO = VALUES.add(
    re.compile(rf"\b(?:an?[ \t]+)?(?P<unit>{_NAMES})[ \t]+to[ \t]+(?P<more>two|three)[ \t]+(?P=unit)s\b")
)
# Where none of these bits is set, no span of time is said.
_OF_ARTICLES = _ARTICLE.bit | _ONE_TO.bit
MARKS = A_NUMBER | _OF_ARTICLES
_MORE = {"two": 2.0, "three": 3.0}
_FOR = re.compile(
    r"\b(?:for(?: at least| about| around| up to| only| just| maybe| like| a total of| another)?|x|times|"
    r"(?:over|during|within|for) (?:the )?(?:next|following|coming)|the (?:next|following)|lasts?|up to|"
    r"(?:day|daily|night|nightly|bid|tid|qid|hours|mornings?|bedtime|needed)|course of)[ \t,]*(?:(?:uh|um)[ \t,]*)*$"
)
_COURSE = re.compile(
    r"[ \t]*(?:(?:of|'s|')[ \t]*)?(?:long )?(?:course|worth|supply|prescription|regimen|treatment|taper|total)\b"
)
# "four times a day", "once a night a week": an article after these tells how often, not how long.
_A_RATE = re.compile(r"(?:\btimes|\bx|\bonce|\btwice|\bdoses?|day|night)[ \t]+$")
_PAST_BEFORE = re.compile(
    r"\b(?:past|last|previous|been|ago|since|happening|going on|had (?:it|this|that|them))\b[^.?!]{0,12}$"
)
_PAST_AFTER = re.compile(
    r"[ \t]*(?:,[ \t]*)?(?:ago|now|already|old|before|earlier|prior|previously|since|back\b|history)\b"
)


class Duration(NamedTuple):
    """A span of time said at `text[start:end]`; `unit` is one of minute, hour, day, week, fortnight, month, year.

    `withdrawn` holds the spans of times that the speaker took back just before ("four weeks, no, two weeks").
    """

    start: int
    end: int
    low: float
    high: float
    unit: str
    withdrawn: tuple[tuple[int, int], ...] = ()


def find_durations(text: str | Speech) -> list[Duration]:
    """How long a treatment goes on: "for two weeks", "ten days' worth", "a seven day course", "once a day for 5 days".

    Offsets are those of the span of time itself ("two weeks"). Spans in the past, and spans that tell when and not
    how long ("in two weeks"), are left out.
    """
    speech = speech_of(text)
    return [span for span in find_time_spans(speech) if goes_on(speech, span)]


def find_time_spans(text: str | Speech) -> list[Duration]:
    """Every span of time in order, whatever it tells: "two weeks", "a month", "three to four months", "48 hours"."""
    speech = speech_of(text)
    found = list(_counted(speech)) if speech.small_numbers else []
    if speech.marks & _OF_ARTICLES:
        found += _with_article(speech)
    if len(found) < 2:
        return found
    found.sort(key=lambda span: (span.start, -span.end))
    kept: list[Duration] = []
    for span in found:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return keep_last_said(speech.text, kept)


def in_days(duration: Duration) -> tuple[float, float]:
    """Shortest and longest length in days; a month is 30.4375 days, a year 365.25."""
    days = _DAYS[duration.unit]
    return duration.low * days, duration.high * days


def _counted(speech: Speech) -> Iterator[Duration]:
    for number in speech.small_numbers:
        if unit := _UNIT.match(speech.small, number.end):
            half = 0.5 if unit["half"] else 0.0
            yield Duration(
                number.start, unit.end(), number.low + half, number.high + half, _UNITS[unit["unit"]], number.withdrawn
            )


def _with_article(speech: Speech) -> Iterator[Duration]:
    for match in _ONE_TO.finditer(speech.small, speech.marks):
        yield Duration(match.start(), match.end(), 1.0, _MORE[match["more"]], _UNITS[match["unit"]])
    for match in _ARTICLE.finditer(speech.small, speech.marks):
        low = 1.5 if match["half"] else 1.0
        yield Duration(match.start(), match.end(), low, _MORE.get(match["more"], low), _UNITS[match["unit"]])


def goes_on(speech: Speech, span: Duration) -> bool:
    """Whether a span of time in the speech tells how long a treatment goes on."""
    small = speech.small
    first = min([span.start, *(start for start, _ in span.withdrawn)])
    before = small[max(0, first - 40) : first]
    if _COURSE.match(small, span.end):
        return True
    if not _FOR.search(before) or _PAST_AFTER.match(small, span.end) or _PAST_BEFORE.search(before):
        return False
    return not _A_RATE.search(before) or not small.startswith("a", span.start)

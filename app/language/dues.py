"""Finds when something is due in speech ("in two weeks", "by friday"), and turns such a phrase into a date."""

import calendar
import re
from datetime import date, timedelta
from typing import NamedTuple

from app.language.numbers import Number, find_numbers
from app.language.plain import plain
from app.language.sieve import ByBeginnings, needed_words
from app.language.speech import VALUES

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAYS_IN = {"hour": 1 / 24, "day": 1, "night": 1, "week": 7, "fortnight": 14}
_MONTHS_IN = {"month": 1, "year": 12}
_SPAN = VALUES.add(
    re.compile(
        r"\b(?P<unit>hour|day|night|week|fortnight|month|year)s?(?:'s?)?(?!\w)"
        r"(?P<after>(?:,? (?:time|from now|from today|out|later)\b)?)"
    )
)
_OR_TWO = re.compile(r",? or (?:two|so|three)\b(?: months?| weeks?| days?)?")
_AMOUNT_BEFORE = re.compile(r"(?:\b(?P<one>a|an|another|one more)|(?P<vague>\bfew(?: more)?))[ ,-]*$")
_LEAD = re.compile(
    r"(?:\b(?P<lead>in|within|after|by|over|for|every|last|past|previous|the next|next|once|twice|times)\b[ ,]*)?"
    r"(?:\b(?:like|about|maybe|around|roughly|approximately|probably|say|uh|um|the|next|another|coming|a|at least)\b"
    r"[ ,]*)*$"
)
_PAST_OR_AGE = re.compile(r"[ ,-]*(?:ago|old|history|prior|before that|earlier|or so ago)\b")
_WEEKDAY = "|".join(_WEEKDAYS)
_MONTH = "|".join(_MONTHS)
_COUNT = r"(?:two|three|four|five|\d{1,2})"
_NAMED = VALUES.add(
    re.compile(
        r"\b(?:(?:later |first thing )?(?:today|tomorrow)(?: (?:morning|afternoon|evening|night))?"
        r"|tonight|this (?:afternoon|evening|morning)"
        r"|(?:later )?(?:this|next|the following) (?:week|month|year)"
        r"|(?:at |by )?(?:the )?end of (?:the|this|next) (?:day|week|month|year)"
        rf"|(?:by |on |next |this |before ){{1,2}}(?:{_WEEKDAY})"
        rf"|(?:by|in|until|before|week of|of) (?:{_MONTH})(?:(?: the)? \d{{1,2}}(?:st|nd|rd"
        rf"|th)?)?(?:,? (?:of )?(?:20\d\d))?"
        r"|(?:at|before|until|on) (?:your|the|our|her|his) next (?:visit|appointment|check-?up|follow-?up|blood draw)"
        r"|next (?:visit|time we meet|time i see you)"
        r"|as soon as (?:possible|you can)|right away|straight ?away|immediately|pretty (?:quick|quickly|soon)|urgently"
        r"|annually|yearly|monthly|weekly|daily|nightly"
        rf"|(?:once|twice|{_COUNT} times) (?:a|per|every) (?:day|week|month|year)"
        r"|on an annual basis|every (?:other )?(?:day|week|month|year|night|morning|visit))\b"
    )
)
_BY_NAME = ByBeginnings(_NAMED.pattern)
_RECURS = re.compile(
    r"\b(?:every|annual(?:ly)?|yearly|monthly|weekly|daily|nightly|(?:times|once|twice) (?:a|per|every))\b"
)
_TODAY = re.compile(
    r"\b(?:today|tonight|this (?:afternoon|evening|morning)|right away|straight ?away|immediately|end of the day)\b"
)
_DAY_OF_MONTH = re.compile(
    rf"\b(?P<month>{_MONTH})\b(?:(?: the)? (?P<day>\d{{1,2}})(?!\d))?(?:\D{{0,5}}(?P<year>20\d\d))?"
)
_LONGEST = 70
# Strings of which every text with a due holds one.
WORDS_OF_DUES = needed_words(_NAMED.pattern, _SPAN.pattern)


class Due(NamedTuple):
    """A time at `text[start:end]` at which, or before which, something is to happen."""

    start: int
    end: int


def find_dues(text: str, *, bare: bool = False) -> list[Due]:
    """Dues in order, offsets in code points, without overlap; past times, ages and "for two weeks" are none.

    `bare` also takes a time that no word marks as due ("follow up two weeks"): for clauses known to plan a visit.
    """
    words = plain(text)
    marks = VALUES.marks(words)
    found = [Due(*match.span()) for match in _BY_NAME.finditer(words)] if marks & _NAMED.bit else []
    found += [due for span in _SPAN.finditer(words, marks) if (due := _spanned(words, span, bare))]
    return _without_overlap(found) if len(found) > 1 else found


def due_date(phrase: str, visit_date: date) -> date | None:
    """The day that a phrase means, seen from the visit: of a range the earlier bound; None when it recurs or is vague.

    Months are calendar months: a month after 31 January is the last of February. "Next week" is its Monday.
    """
    words = plain(phrase)
    if _RECURS.search(words):
        return None
    try:
        return _named_day(words, visit_date) or _counted_day(words, visit_date)
    except (OverflowError, ValueError):
        return None


def _spanned(words: str, span: re.Match[str], bare: bool) -> Due | None:
    if _PAST_OR_AGE.match(words, span.end()) or (amount := _amount_before(words, span.start())) is None:
        return None
    lead = _LEAD.search(words, max(0, amount.start - 40), amount.start)
    word = lead["lead"] if lead else None
    if word in ("last", "past", "previous", "once", "twice", "times"):
        return None
    if not span["after"] and (word == "for" or not (word or bare)):
        return None
    start = lead.start() if lead and word and word != "for" else amount.start
    tail = _OR_TWO.match(words, span.end())
    return Due(start, tail.end() if tail else span.end())


def _amount_before(words: str, unit: int) -> Number | None:
    """What is counted right before a unit of time: a number, "a", or (as nan) "few"."""
    opening = max(0, unit - _LONGEST)
    window = words[opening:unit]
    for number in reversed(find_numbers(window)):
        between = window[number.end :].strip(" ,-")
        if between in ("", "of", "more"):
            start = min([number.start, *(withdrawn for withdrawn, _ in number.withdrawn)])
            return Number(opening + start, opening + number.end, number.low, number.high)
        break
    word = _AMOUNT_BEFORE.search(words, opening, unit)
    if not word:
        return None
    value = float("nan") if word["vague"] else 1.0
    return Number(word.start(), word.end(), value, value)


def _without_overlap(found: list[Due]) -> list[Due]:
    kept: list[Due] = []
    for due in sorted(found, key=lambda due: (due.start, -due.end)):
        if not kept or due.start >= kept[-1].end:
            kept.append(due)
    return kept


def _counted_day(words: str, visit_date: date) -> date | None:
    for span in _SPAN.pattern.finditer(words):
        amount = _amount_before(words, span.start())
        if amount and amount.low == amount.low:
            return _after(visit_date, amount.low, span["unit"])
    return None


def _after(day: date, amount: float, unit: str) -> date:
    if unit in _DAYS_IN:
        return day + timedelta(days=round(amount * _DAYS_IN[unit]))
    months = amount * _MONTHS_IN[unit]
    whole = int(months)
    year, month = divmod(day.year * 12 + day.month - 1 + whole, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last)) + timedelta(days=round((months - whole) * 30))


def _named_day(words: str, day: date) -> date | None:
    if _TODAY.search(words):
        return day
    if re.search(r"\btomorrow\b", words):
        return day + timedelta(days=1)
    return _in_week_or_month(words, day) or _on_weekday(words, day) or _in_month(words, day)


def _in_week_or_month(words: str, day: date) -> date | None:
    last = calendar.monthrange(day.year, day.month)[1]
    if re.search(r"\bend of (?:the|this) month\b", words):
        return day.replace(day=last)
    if re.search(r"\bend of (?:the|this) week\b", words):
        return day + timedelta(days=max(0, 4 - day.weekday()))
    if re.search(r"\b(?:next|following) week\b", words):
        return day + timedelta(days=7 - day.weekday())
    if re.search(r"\b(?:next|following) month\b", words):
        return day.replace(day=last) + timedelta(days=1)
    return None


def _on_weekday(words: str, day: date) -> date | None:
    for number, name in enumerate(_WEEKDAYS):
        if re.search(rf"\b{name}\b", words):
            return day + timedelta(days=(number - day.weekday() - 1) % 7 + 1)
    return None


def _in_month(words: str, day: date) -> date | None:
    named = _DAY_OF_MONTH.search(words)
    if not named:
        return None
    month = _MONTHS.index(named["month"]) + 1
    wanted = date(int(named["year"] or day.year), month, int(named["day"] or 1))
    return wanted if named["year"] or wanted >= day.replace(day=1) else wanted.replace(year=day.year + 1)

"""Reads the checkable values of a text: drugs, doses, frequencies, spans of time, named days and numbers."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, Protocol

from app.language.doses import Dose, find_doses
from app.language.drugs import Drug, drugs_in
from app.language.durations import Duration, find_time_spans, goes_on, in_days
from app.language.frequencies import Frequency, find_frequencies, same_frequency, times_a_day
from app.language.numbers import Number, find_numbers
from app.language.speech import VALUES, Speech

Kind = Literal["drug", "dose", "frequency", "as_needed", "span", "day", "number"]
Key = tuple[float, float, str] | str

_MILLIGRAMS = {"mcg": 0.001, "mg": 1.0, "g": 1000.0}
_SAID_WITH_ARTICLE = VALUES.add(
    re.compile(
        r"\b(?:an?|another) (?:single |whole |extra )?"
        r"(?:(?P<tablet>tablet|pill)|(?P<capsule>capsule)|(?P<puff>puff)|(?P<drop>drop)|(?P<patch>patch)|(?P<spray>spray)|"
        r"(?P<injection>injection|shot))\b"
    )
)
_WEEKDAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_MONTHS = "january|february|march|april|june|july|august|september|october|november|december"
_DAY = VALUES.add(
    re.compile(
        rf"\b(?:{_WEEKDAYS}|{_MONTHS}|today|tonight|tomorrow|(?:this|next) (?:week|month|year|visit|appointment))\b"
    )
)
_OF_A_DRUG = re.compile(r"\s*(?:(?:[a-z]+\s+){0,4}of|for|on)?\s*(?:(?:the|your|this|that|a|some|oral)\s+)?")
# "ibuprofen you can take with some tylenol": what follows is said of both.
_LISTED = re.compile(r"[\s,]*(?:[a-z']+\s+){0,5}(?:and|or|with|plus)[\s,]+(?:(?:some|the|your|a|also)\s+)*|\s*,\s*")
_PAST = VALUES.add(re.compile(r"\b(?:past|last|previous|previously|been|ago|history|used to)\b[^.?!]{0,24}$"))
_PAST_AFTER = re.compile(
    r"\s*(?:,\s*)?(?:ago|old|earlier|prior(?! to)|before (?:that|you)|back\b|since|of (?:age|history))\b"
)
_WAS = VALUES.add(
    re.compile(
        r"\b(?:had (?:you |it )?(?:been |on |increased|decreased|started|put|raised|lowered)|"
        r"(?:were|was) (?:on|taking)|used to (?:be on|take)|previously|originally|instead of)\b[^.?!]{0,30}$"
    )
)
_FROM = VALUES.add(re.compile(r"\bfrom\s+(?:(?:the|your|about|a)\s+)*$"))
_TO = re.compile(r"[^.?!]{0,40}?\bto\b")
# The number of "type two" or "stage 3" names a thing and counts none.
_PART_OF_A_NAME = re.compile(
    r"\b(?:type|stage|grade|class|phase|category|level|gravida|para|vitamin [a-z]|covid|omega)[ -]*$"
)
_NO_DRUGS: frozenset[str] = frozenset()
_FAR = 80
_MOST_LISTED = 4
_INTERVAL = re.compile(r"q(?P<low>[\d.]+)(?:-(?P<high>[\d.]+))?(?P<unit>h|d|w|mo|min)")
_INTERVAL_DAYS = {"min": 1 / 1440, "h": 1 / 24, "d": 1.0, "w": 7.0, "mo": 30.4375}


class _Spanning(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


class Value(NamedTuple):
    """One value at `text[start:end]`, with a `key` that is equal for equal values however they are said.

    `drugs`: canonical names of the medicines that it is said about, where any are named close by; a class is no name.
    `past`: lies in the past, as the first dose of "from 20 to 40" and the weeks of "for the past two weeks" do.
    `instead`: taken back by the speaker, who then said the value whose (start, end) this is.
    `lasts`: a span of time that tells how long a treatment goes on, not when something is due.
    """

    kind: Kind
    start: int
    end: int
    key: Key
    drugs: frozenset[str] = frozenset()
    past: bool = False
    instead: tuple[int, int] | None = None
    lasts: bool = False


def read_values(text: str, start: int = 0, end: int | None = None) -> list[Value]:
    """The values of `text[start:end]` in order, offsets into `text`; the number of a dose also stands alone."""
    return Stretch(text, start, len(text) if end is None else end).values()


class Stretch:
    """The values of a stretch of a text: its `drugs` at once, and all of them when somebody asks."""

    __slots__ = ("_mentions", "_speech", "_start", "_taken_back", "_values", "drugs")

    def __init__(self, text: str, start: int, end: int) -> None:
        self._speech = Speech(text[start:end])
        self._start = start
        self._mentions = drugs_in(self._speech.small)
        self._values: list[Value] | None = None
        self._taken_back: list[Value] | None = None
        self.drugs = [
            Value("drug", start + it.start, start + it.end, it.canonical, _names([it])) for it in self._mentions
        ]

    def values(self) -> list[Value]:
        """All values, in order."""
        if self._values is None:
            self._values = self._all() if self._speech.marks else self.drugs
        return self._values

    def taken_back(self) -> list[Value]:
        """Those that the speaker took back."""
        if self._taken_back is None:
            self._taken_back = [value for value in self.values() if value.instead]
        return self._taken_back

    def _all(self) -> list[Value]:
        medicines = [drug for drug in self._mentions if drug.kind != "class"]
        others = [_placed(value, self._speech, medicines, self._start) for value in _values(self._speech)]
        return sorted(self.drugs + others, key=lambda value: (value.start, -value.end)) if others else self.drugs


def same_value(claimed: Value, said: Value) -> bool:
    """Whether what was said is what is claimed; a bare number may be claimed of any counted thing."""
    if claimed.kind == "frequency" and said.kind == "frequency":
        return _same_rate(str(claimed.key), str(said.key))
    if claimed.kind == "span" and said.kind == "frequency":
        return claimed.key == interval_of(str(said.key))
    return claimed.kind == said.kind and claimed.key == said.key


def interval_of(code: str) -> Key | None:
    """The time between two doses that a frequency states ("q6h"), as the key of a span; None where it states a rate."""
    match = _INTERVAL.fullmatch(code)
    if not match:
        return None
    days = _INTERVAL_DAYS[match["unit"]]
    low = float(match["low"])
    return round(low * days, 2), round(float(match["high"] or low) * days, 2), "days"


def day_class(day: str) -> str:
    """What a named day is: a weekday, a month, or else itself."""
    names = (("weekday", _WEEKDAYS), ("month", _MONTHS))
    return next((kind for kind, listed in names if day in listed.split("|")), day)


def uncovered(values: Sequence[Value]) -> Sequence[Value]:
    """The values without the bare numbers that are part of a dose, frequency, span or drug name."""
    inside = _positions([value for value in values if value.kind != "number"])
    return [it for it in values if it.kind != "number" or not (it.start in inside and it.end - 1 in inside)]


def _same_rate(claimed: str, said: str) -> bool:
    if same_frequency(claimed, said):
        return True
    exact = claimed[:1].isdigit() or claimed[:1] == "q"
    return exact and times_a_day(claimed) is not None and times_a_day(claimed) == times_a_day(said)


def _values(speech: Speech) -> Iterator[Value]:
    said, small = speech.text, speech.small
    frequencies = find_frequencies(speech)
    for found in frequencies:
        yield from _frequency(found)
    for dose in find_doses(speech):
        yield from _dose(said, dose)
    for match in _SAID_WITH_ARTICLE.finditer(small, speech.marks):
        yield Value("dose", match.start(), match.end(), (1.0, 1.0, str(match.lastgroup)))
    inside = _positions(frequencies)
    spans = [span for span in find_time_spans(speech) if span.start not in inside and span.end - 1 not in inside]
    for span in spans:
        yield from _span(said, span, goes_on(speech, span))
    for match in _DAY.finditer(small, speech.marks):
        yield Value("day", match.start(), match.end(), match.group())
    inside |= _positions(spans)
    for number in speech.numbers:
        if number.start not in inside and not _names_a_thing(small, number.start):
            yield from _number(said, number)


def _names_a_thing(small: str, start: int) -> bool:
    return _PART_OF_A_NAME.search(small, max(0, start - 16), start) is not None


def _positions(found: Iterable[_Spanning]) -> set[int]:
    """Every position that one of the spans covers."""
    return {at for span in found for at in range(span.start, span.end)}


def _frequency(found: Frequency) -> Iterator[Value]:
    if found.code != "as needed":
        yield Value("frequency", found.start, found.end, found.code)
    if found.as_needed:
        yield Value("as_needed", found.start, found.end, "as needed")


def _dose(said: str, dose: Dose) -> Iterator[Value]:
    yield Value("dose", dose.start, dose.end, _amount(dose.low, dose.high, dose.unit))
    for start, end in dose.withdrawn:
        for number in find_numbers(said[start:end]):
            key = _amount(number.low, number.high, dose.unit)
            yield Value("dose", start, end, key, instead=(dose.start, dose.end))


def _number(said: str, number: Number) -> Iterator[Value]:
    yield Value("number", number.start, number.end, (float(number.low), float(number.high), ""))
    for start, end in number.withdrawn:
        for old in find_numbers(said[start:end]):
            yield Value("number", start, end, (float(old.low), float(old.high), ""), instead=(number.start, number.end))


def _amount(low: float, high: float, unit: str) -> Key:
    scale = _MILLIGRAMS.get(unit)
    return (round(low * scale, 6), round(high * scale, 6), "mg") if scale else (float(low), float(high), unit)


def _span(said: str, span: Duration, lasts: bool) -> Iterator[Value]:
    yield Value("span", span.start, span.end, _days(span), lasts=lasts)
    for start, end in span.withdrawn:
        for old in find_time_spans(said[start:end]):
            yield Value("span", start, end, _days(old), instead=(span.start, span.end))


def _days(span: Duration) -> Key:
    low, high = in_days(span)
    return round(low, 2), round(high, 2), "days"


def _placed(value: Value, speech: Speech, medicines: list[Drug], by: int) -> Value:
    """The value with what stands around it told, its places moved on by so many characters."""
    kind, start, end, key, _, _, instead, lasts = value
    drugs = _drugs_of(speech.small, value, medicines) if medicines else _NO_DRUGS
    instead = (instead[0] + by, instead[1] + by) if instead else None
    return Value(kind, start + by, end + by, key, drugs, _is_past(speech, value), instead, lasts)


def _drugs_of(small: str, value: Value, medicines: list[Drug]) -> frozenset[str]:
    """Which drugs a value belongs to: the one right after it ("forty of lasix"), else the last close before it."""
    at = bisect_left(medicines, value.end, key=lambda drug: drug.start)
    after = medicines[at] if at < len(medicines) else None
    if after and value.kind in ("dose", "number") and _OF_A_DRUG.fullmatch(small, value.end, after.start):
        return _names([after])
    last = bisect_right(medicines, value.start, key=lambda drug: drug.end) - 1
    if last < 0 or value.start - medicines[last].end > _FAR:
        return _NO_DRUGS
    listed = [medicines[last]]
    for drug in reversed(medicines[max(0, last - _MOST_LISTED) : last]):
        if not _LISTED.fullmatch(small, drug.end, listed[-1].start):
            break
        listed.append(drug)
    return _names(listed)


def _names(drugs: Iterable[Drug]) -> frozenset[str]:
    return frozenset([drug.canonical for drug in drugs if drug.kind != "class"])


def _is_past(speech: Speech, value: Value) -> bool:
    small, marks = speech.small, speech.marks
    before = small[max(0, value.start - 40) : value.start]
    if value.kind == "span":
        return bool(_PAST.search(before, marks) or _PAST_AFTER.match(small, value.end))
    if value.kind in ("dose", "number", "frequency"):
        return bool(_WAS.search(before, marks) or (_FROM.search(before, marks) and _TO.match(small, value.end)))
    return False

"""Reads the values that a stretch of speech tells: what is meant, of which drug, and whether it still stands."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

from app.extraction.values import MONTHS, WEEKDAYS, Key, Kind, Value, interval_of, positions
from app.language.doses import Dose, find_doses
from app.language.drugs import Drug, drugs_in, drugs_in_each
from app.language.durations import MARKS as OF_SPANS
from app.language.durations import Duration, find_time_spans, goes_on, in_days
from app.language.frequencies import MARKS as OF_RATES
from app.language.frequencies import Frequency, find_frequencies
from app.language.numbers import Number, find_numbers
from app.language.speech import A_NUMBER, VALUES, Speech, speeches

_MILLIGRAMS = {"mcg": 0.001, "mg": 1.0, "g": 1000.0}
_SAID_WITH_ARTICLE = VALUES.add(
    re.compile(
        r"\b(?:an?|another) (?:single |whole |extra )?"
        r"(?:(?P<tablet>tablet|pill)|(?P<capsule>capsule)|(?P<puff>puff)|(?P<drop>drop)|(?P<patch>patch)|(?P<spray>spray)|"
        r"(?P<injection>injection|shot))\b"
    )
)
_DAY = VALUES.add(
    re.compile(
        rf"\b(?:{WEEKDAYS}|{MONTHS}|today|tonight|tomorrow|(?:this|next) (?:week|month|year|visit|appointment))\b"
    )
)
# The values of a kind need one of these bits of a text; in this order equal places are told.
_MARKS: dict[Kind, int] = {
    "frequency": OF_RATES,
    "as_needed": OF_RATES,
    "dose": A_NUMBER | _SAID_WITH_ARTICLE.bit,
    "span": OF_SPANS,
    "day": _DAY.bit,
    "number": A_NUMBER,
}
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
_OF_BEFORE = _WAS.bit | _FROM.bit
_TO = re.compile(r"[^.?!]{0,40}?\bto\b")
# The number of "type two" or "stage 3" names a thing and counts none.
_PART_OF_A_NAME = re.compile(
    r"\b(?:type|stage|grade|class|phase|category|level|gravida|para|vitamin [a-z]|covid|omega)[ -]*$"
)
_NO_DRUGS: frozenset[str] = frozenset()
_FAR = 80
_MOST_LISTED = 4


def read_values(text: str) -> list[Value]:
    """The values of a text in order; the number of a dose also stands alone."""
    return Stretch(Speech(text), 0).values()


def read_together(turns: Sequence[tuple[int, str]], fields: Sequence[str]) -> tuple[list["Stretch"], list["Stretch"]]:
    """Turns, of which each begins at its place of the transcript, and fields, read by one scan for all of them."""
    read = speeches([*(words for _, words in turns), *fields])
    said, told = read[: len(turns)], read[len(turns) :]
    named = drugs_in_each([speech.small for speech in told])
    return (
        [Stretch(speech, start) for speech, (start, _) in zip(said, turns, strict=True)],
        [Stretch(speech, 0, drugs) for speech, drugs in zip(told, named, strict=True)],
    )


class Stretch:
    """The values of speech, their places told from `start` on: each kind is read when it is first asked for."""

    __slots__ = ("_drugs", "_frequencies", "_medicines", "_of", "_spans", "_speech", "_start")

    def __init__(self, speech: Speech, start: int, drugs: list[Drug] | None = None) -> None:
        self._speech = speech
        self._start = start
        self._drugs = drugs
        self._medicines: list[Drug] | None = None
        self._frequencies: list[Frequency] | None = None
        self._spans: list[Duration] | None = None
        self._of: dict[Kind, list[Value]] = {}

    def has(self, marks: int) -> bool:
        """Whether `VALUES` found one of these bits."""
        return self._speech.marks & marks != 0

    def values(self) -> list[Value]:
        """All values, in order."""
        found = self.of("drug")
        for kind, needed in _MARKS.items():
            if self._speech.marks & needed:
                found = found + self.of(kind)
        return sorted(found, key=_place) if len(found) > 1 else found

    def of(self, kind: Kind) -> list[Value]:
        """The values of one kind, in order."""
        found = self._of.get(kind)
        if found is None:
            found = self._of[kind] = self._named() if kind == "drug" else self._read(kind)
        return found

    def like(self, kind: Kind) -> list[Value]:
        """Those that one of that kind can be held against: with the spans of time "every six hours"."""
        if kind != "span" or "q" not in [rate.code[0] for rate in self._rates()]:
            return self.of(kind)
        intervals = [value for value in self.of("frequency") if interval_of(str(value.key))]
        return sorted([*intervals, *self.of("span")], key=_place) if intervals else self.of("span")

    def drugs_of(self, value: Value) -> frozenset[str]:
        """Canonical names of the medicines that a value is said about, where any are named close by."""
        if self._medicines is None:
            self._medicines = [drug for drug in self._mentions() if drug.kind != "class"]
        if not self._medicines:
            return _NO_DRUGS
        start, end = value.start - self._start, value.end - self._start
        return _drugs_of(self._speech.small, value.kind, start, end, self._medicines)

    def is_past(self, value: Value) -> bool:
        """Whether a value lies in the past, as the first dose of "from 20 to 40" and "the past two weeks" do."""
        return _is_past(self._speech, value.kind, value.start - self._start, value.end - self._start)

    def lasts(self, value: Value) -> bool:
        """Whether a span of time tells how long a treatment goes on, not when something is due."""
        start = value.start - self._start
        return any(goes_on(self._speech, span) for span in self._time_spans() if span.start == start)

    def _named(self) -> list[Value]:
        start = self._start
        return [Value("drug", start + it.start, start + it.end, it.canonical, _names([it])) for it in self._mentions()]

    def _mentions(self) -> list[Drug]:
        if self._drugs is None:
            self._drugs = drugs_in(self._speech.small)
        return self._drugs

    def _read(self, kind: Kind) -> list[Value]:
        if not self._speech.marks & _MARKS[kind] or not (found := self._said(kind)):
            return []
        placed = [_moved(value, self._start) for value in found] if self._start else found
        return sorted(placed, key=_place) if len(placed) > 1 else placed

    def _said(self, kind: Kind) -> list[Value]:
        speech = self._speech
        if kind == "dose":
            return list(_doses(speech))
        if kind == "day":
            return [Value(kind, it.start(), it.end(), it.group()) for it in _DAY.finditer(speech.small, speech.marks)]
        if kind == "span":
            return [value for span in self._time_spans() for value in _span(speech, span)]
        if kind == "number":
            return list(self._numbers()) if speech.numbers else []
        rates = self._rates()
        if kind == "as_needed":
            return [Value(kind, it.start, it.end, "as needed") for it in rates if it.as_needed]
        return [Value(kind, it.start, it.end, it.code) for it in rates if it.code != "as needed"]

    def _rates(self) -> list[Frequency]:
        if self._frequencies is None:
            self._frequencies = find_frequencies(self._speech) if self._speech.marks & OF_RATES else []
        return self._frequencies

    def _time_spans(self) -> list[Duration]:
        if self._spans is None:
            spans = find_time_spans(self._speech)
            inside = positions(self._rates()) if spans else ()
            self._spans = [span for span in spans if span.start not in inside and span.end - 1 not in inside]
        return self._spans

    def _numbers(self) -> Iterator[Value]:
        inside = positions(self._rates()) | positions(self._time_spans())
        for number in self._speech.numbers:
            if number.start not in inside and not _names_a_thing(self._speech.small, number.start):
                yield from _number(self._speech.text, number)


def _place(value: Value) -> tuple[int, int]:
    return value.start, -value.end


def _doses(speech: Speech) -> Iterator[Value]:
    for dose in find_doses(speech):
        yield from _dose(speech.text, dose)
    for match in _SAID_WITH_ARTICLE.finditer(speech.small, speech.marks):
        yield Value("dose", match.start(), match.end(), (1.0, 1.0, str(match.lastgroup)))


def _dose(said: str, dose: Dose) -> Iterator[Value]:
    yield Value("dose", dose.start, dose.end, _amount(dose.low, dose.high, dose.unit))
    for start, end in dose.withdrawn:
        for number in find_numbers(said[start:end]):
            key = _amount(number.low, number.high, dose.unit)
            yield Value("dose", start, end, key, instead=(dose.start, dose.end))


def _amount(low: float, high: float, unit: str) -> Key:
    scale = _MILLIGRAMS.get(unit)
    return (round(low * scale, 6), round(high * scale, 6), "mg") if scale else (float(low), float(high), unit)


def _span(speech: Speech, span: Duration) -> Iterator[Value]:
    yield Value("span", span.start, span.end, _days(span))
    for start, end in span.withdrawn:
        for old in find_time_spans(speech.text[start:end]):
            yield Value("span", start, end, _days(old), instead=(span.start, span.end))


def _days(span: Duration) -> Key:
    low, high = in_days(span)
    return round(low, 2), round(high, 2), "days"


def _number(said: str, number: Number) -> Iterator[Value]:
    yield Value("number", number.start, number.end, (float(number.low), float(number.high), ""))
    for start, end in number.withdrawn:
        for old in find_numbers(said[start:end]):
            yield Value("number", start, end, (float(old.low), float(old.high), ""), instead=(number.start, number.end))


def _names_a_thing(small: str, start: int) -> bool:
    return _PART_OF_A_NAME.search(small, max(0, start - 16), start) is not None


def _moved(value: Value, by: int) -> Value:
    kind, start, end, key, drugs, instead = value
    instead = (instead[0] + by, instead[1] + by) if instead else None
    return Value(kind, start + by, end + by, key, drugs, instead)


def _drugs_of(small: str, kind: Kind, start: int, end: int, medicines: list[Drug]) -> frozenset[str]:
    """Which drugs a value belongs to: the one right after it ("forty of lasix"), else the last close before it."""
    at = bisect_left(medicines, end, key=lambda drug: drug.start)
    after = medicines[at] if at < len(medicines) else None
    if after and kind in ("dose", "number") and _OF_A_DRUG.fullmatch(small, end, after.start):
        return _names([after])
    last = bisect_right(medicines, start, key=lambda drug: drug.end) - 1
    if last < 0 or start - medicines[last].end > _FAR:
        return _NO_DRUGS
    listed = [medicines[last]]
    for drug in reversed(medicines[max(0, last - _MOST_LISTED) : last]):
        if not _LISTED.fullmatch(small, drug.end, listed[-1].start):
            break
        listed.append(drug)
    return _names(listed)


def _names(drugs: Iterable[Drug]) -> frozenset[str]:
    return frozenset([drug.canonical for drug in drugs if drug.kind != "class"])


def _is_past(speech: Speech, kind: Kind, start: int, end: int) -> bool:
    small, marks = speech.small, speech.marks
    before = small[max(0, start - 40) : start]
    if kind == "span":
        return bool(_PAST.search(before, marks) or _PAST_AFTER.match(small, end))
    if not marks & _OF_BEFORE or kind not in ("dose", "number", "frequency"):
        return False
    return bool(_WAS.search(before, marks) or (_FROM.search(before, marks) and _TO.match(small, end)))

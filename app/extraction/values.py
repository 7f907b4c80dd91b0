"""The checkable values of speech: drugs, doses, frequencies, spans of time, named days and numbers."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, Protocol

from app.language.frequencies import same_frequency, times_a_day

Kind = Literal["drug", "dose", "frequency", "as_needed", "span", "day", "number"]
Key = tuple[float, float, str] | str

WEEKDAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
MONTHS = "january|february|march|april|june|july|august|september|october|november|december"
_INTERVAL = re.compile(r"q(?P<low>[\d.]+)(?:-(?P<high>[\d.]+))?(?P<unit>h|d|w|mo|min)")
_INTERVAL_DAYS = {"min": 1 / 1440, "h": 1 / 24, "d": 1.0, "w": 7.0, "mo": 30.4375}


class _Spanning(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


class Value(NamedTuple):
    """One value at `text[start:end]`, with a `key` that is equal for equal values however they are said.

    `drugs`: the canonical name of a drug; none of a class, which is no name, and of other values.
    `instead`: taken back by the speaker, who then said the value whose (start, end) this is.
    What stands around a value tells more of it, and is looked at only where that is asked (see `Stretch`).
    """

    kind: Kind
    start: int
    end: int
    key: Key
    drugs: frozenset[str] = frozenset()
    instead: tuple[int, int] | None = None


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
    names = (("weekday", WEEKDAYS), ("month", MONTHS))
    return next((kind for kind, listed in names if day in listed.split("|")), day)


def uncovered(values: Sequence[Value]) -> Sequence[Value]:
    """The values without the bare numbers that are part of a dose, frequency, span or drug name."""
    if "number" not in [value.kind for value in values]:
        return values
    inside = positions([value for value in values if value.kind != "number"])
    return [it for it in values if it.kind != "number" or not (it.start in inside and it.end - 1 in inside)]


def _same_rate(claimed: str, said: str) -> bool:
    if same_frequency(claimed, said):
        return True
    exact = claimed[:1].isdigit() or claimed[:1] == "q"
    return exact and times_a_day(claimed) is not None and times_a_day(claimed) == times_a_day(said)


def positions(found: Iterable[_Spanning]) -> set[int]:
    """Every position that one of the spans covers."""
    return {at for span in found for at in range(span.start, span.end)}

"""Judges one attribute of an item against the labelled one: right, wrong, missing, or invented."""

from collections.abc import Callable
from typing import Literal

from app.extraction.matching import token_f1
from app.language.doses import find_doses, same_dose
from app.language.durations import find_time_spans, in_days
from app.language.frequencies import find_frequencies, same_frequency, times_a_day
from app.language.numbers import find_numbers
from app.language.routes import find_routes

Verdict = Literal["right", "wrong", "missing", "invented", "absent"]
_SAME_WORDING = 0.5
_CODES = {"status", "assigned_to", "reminder_type", "task_type"}


def judge(attribute: str, gold: str | None, answered: str | None) -> Verdict:
    """`absent`: neither has it. `invented`: the label has none. `missing`: the answer has none; better than wrong."""
    if not gold:
        return "invented" if answered else "absent"
    if not answered:
        return "missing"
    return "right" if same_value(attribute, gold, answered) else "wrong"


def same_value(attribute: str, gold: str, answered: str) -> bool:
    """Whether two texts give an attribute the same value, "40 mg" and "forty milligrams" among them."""
    if attribute in _CODES:
        return gold == answered
    if gold.casefold() == answered.casefold():
        return True
    compare = _COMPARISONS.get(attribute, _same_words)
    return compare(gold, answered)


def _same_dosage(gold: str, answered: str) -> bool:
    """The first amount of each; where one has no unit, the numbers alone."""
    ours, theirs = find_doses(answered), find_doses(gold)
    if ours and theirs:
        return same_dose(ours[0], theirs[0])
    return _same_words(gold, answered)


def _same_frequency(gold: str, answered: str) -> bool:
    ours, theirs = find_frequencies(answered), find_frequencies(gold)
    if not ours or not theirs:
        return _same_words(gold, answered)
    codes = ours[0].code, theirs[0].code
    return same_frequency(*codes) or (
        times_a_day(codes[0]) is not None and times_a_day(codes[0]) == times_a_day(codes[1])
    )


def _same_span(gold: str, answered: str) -> bool:
    ours, theirs = find_time_spans(answered), find_time_spans(gold)
    return in_days(ours[0]) == in_days(theirs[0]) if ours and theirs else _same_words(gold, answered)


def _same_route(gold: str, answered: str) -> bool:
    ours, theirs = find_routes(answered), find_routes(gold)
    return ours[0].name == theirs[0].name if ours and theirs else _same_words(gold, answered)


def _same_words(gold: str, answered: str) -> bool:
    amounts = _amounts(gold)
    return amounts == _amounts(answered) if amounts else token_f1(gold, answered) >= _SAME_WORDING


def _amounts(text: str) -> set[float]:
    return {bound for number in find_numbers(text) for bound in (number.low, number.high)}


_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "dosage": _same_dosage,
    "frequency": _same_frequency,
    "duration": _same_span,
    "due": _same_span,
    "route": _same_route,
}

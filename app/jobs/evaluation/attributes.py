"""Judges one attribute of an item against the labelled one: right, wrong, missing, or invented."""

from typing import Literal

from app.jobs.evaluation.words import token_f1, words_of
from app.language.numbers import find_numbers

Verdict = Literal["right", "wrong", "missing", "invented", "absent"]
_SAME_WORDING = 0.5
_CODES = {"status", "assigned_to", "reminder_type", "task_type"}


def judge(attribute: str, gold: str | None, answered: str | None) -> Verdict:
    """`absent`: neither has it. `invented`: the label has none. `missing`: the answer has none; better than wrong."""
    if not gold:
        return "invented" if answered else "absent"
    if not answered:
        return "missing"
    return "right" if _same(attribute, gold, answered) else "wrong"


def _same(attribute: str, gold: str, answered: str) -> bool:
    if attribute in _CODES:
        return gold == answered
    if words_of(gold) == words_of(answered):
        return True
    amounts = _amounts(gold)
    return amounts == _amounts(answered) if amounts else token_f1(gold, answered) >= _SAME_WORDING


def _amounts(text: str) -> set[float]:
    return {bound for number in find_numbers(text) for bound in (number.low, number.high)}

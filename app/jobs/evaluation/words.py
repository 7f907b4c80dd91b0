"""Words of a description, and how alike two descriptions are."""

import re
from collections import Counter

from app.jobs.evaluation.counts import share

_WORD = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")


def words_of(text: str | None) -> list[str]:
    """Lower-case words and numbers, punctuation left out."""
    return [found.group().lower() for found in _WORD.finditer(text or "")]


def token_f1(one: str | None, other: str | None) -> float:
    """F1 of the words two texts have in common, each word as often as it occurs in both (Rajpurkar et al. 2016)."""
    first, second = Counter(words_of(one)), Counter(words_of(other))
    return share(2 * (first & second).total(), first.total() + second.total())

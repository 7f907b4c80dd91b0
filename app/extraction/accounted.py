"""What the findings of a visit account for: words of the transcript, and drugs and tests by name."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from app.extraction.clinical_terms import clinical_terms


class Accounted:
    """`terms`: the drugs and tests that the items are about, by their usual names and as the items name them."""

    def __init__(self, items: Sequence[dict[str, Any]]) -> None:
        """`items` are all that account for something, those set aside included."""
        self.terms = _terms(items)
        spans = sorted((quote["start"], quote["end"]) for item in items for quote in item["evidence"])
        self._starts = [start for start, _ in spans]
        self._ends_by_then = list(accumulate((end for _, end in spans), max, initial=0))

    def cites(self, start: int, end: int) -> bool:
        """Whether an item quotes any of the words between two places of the transcript."""
        return self._ends_by_then[bisect_left(self._starts, end)] > start

    def names(self, item: dict[str, Any]) -> bool:
        """Whether all that the item is about is among the terms: a medicine under any of its names."""
        terms = clinical_terms(_words(item)) or _names([item])
        return bool(terms) and terms <= self.terms


def _terms(items: Sequence[dict[str, Any]]) -> frozenset[str]:
    return clinical_terms("\n".join(map(_words, items))) | _names(items)


def _names(items: Sequence[dict[str, Any]]) -> frozenset[str]:
    return frozenset(item["medication_name"].casefold() for item in items if item.get("medication_name"))


def _words(item: dict[str, Any]) -> str:
    return " ".join(
        str(item[name]) for name in ("medication_name", "description", "substance", "value") if item.get(name)
    )

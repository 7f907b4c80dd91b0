"""Pairs found items with expected ones, one to one."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from app.extraction.assignment import best_pairs
from app.language.drugs import find_drugs, is_drug_name

MATCH_AT = 0.5
_MAIN_FIELDS = {
    "medication_instructions": "medication_name",
    "problems": "name",
    "allergies": "substance",
    "vitals": "name",
    "custom": "value",
}
_WORD = re.compile(r"\w+")


def pair_items(
    category: str, found: Sequence[dict[str, Any]], expected: Sequence[dict[str, Any]]
) -> list[tuple[int, int]]:
    """Index pairs `(found, expected)`: a pair is the same drug, or texts whose token F1 is at least 0.5."""
    alike = [[likeness(category, item, wanted) for wanted in expected] for item in found]
    # Over 1 each, so that as many as possible are paired, the most alike with each other.
    return best_pairs([[1 + score if score >= MATCH_AT else 0.0 for score in row] for row in alike])


def likeness(category: str, item: dict[str, Any], other: dict[str, Any]) -> float:
    """0 to 1: 1 for the same drug under any name, else the token F1 of what the items say."""
    ours, theirs = main_text(category, item), main_text(category, other)
    if category == "medication_instructions" and same_drug(ours, theirs):
        return 1.0
    return token_f1(ours, theirs)


def main_text(category: str, item: dict[str, Any]) -> str:
    """The words that say what an item is about."""
    return str(item.get(_MAIN_FIELDS.get(category, "description")) or "")


def same_drug(name: str, other: str) -> bool:
    """Whether two names are one drug: brand and generic are the same."""
    return name.casefold() == other.casefold() or bool(_canonical(name) & _canonical(other))


def token_f1(text: str, other: str) -> float:
    """The F1 of shared words, counted with repetition (as in SQuAD, Rajpurkar et al. 2016)."""
    ours, theirs = _WORD.findall(text.casefold()), _WORD.findall(other.casefold())
    if set(ours).isdisjoint(theirs):
        return 0.0
    shared = (Counter(ours) & Counter(theirs)).total()
    return 2 * shared / (len(ours) + len(theirs))


def _canonical(name: str) -> frozenset[str]:
    return _remembered(name) if is_drug_name(name) else _remembered.__wrapped__(name)


@lru_cache(4096)
def _remembered(name: str) -> frozenset[str]:
    return frozenset(drug.canonical for drug in find_drugs(name))

"""Picks the examples that enter the prompt: by relevance, as many as the visit's complexity and the budget ask for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from app.extraction.clinical_terms import clinical_terms
from app.extraction.likeness import is_near_duplicate, shingles
from app.extraction.remembered_terms import RememberedTerms
from app.findings import ACTION_CATEGORIES
from app.settings import Settings

CHARS_PER_TOKEN = 4  # a common estimate for English; exact counts differ by model and are not worth a tokenizer here


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """An earlier visit or a gold case, with what is known to be right for it. `similarity` is a cosine."""

    kind: Literal["visit", "test_case"]
    id: UUID
    transcript: str
    expected: dict[str, Any]
    similarity: float
    quality: float


@dataclass(frozen=True, slots=True)
class Example:
    """A candidate with its `relevance`, 0 to 1."""

    candidate: Candidate
    relevance: float


def other_visits(text: str, candidates: Sequence[Candidate], settings: Settings) -> Iterator[Candidate]:
    """The candidates without the transcript itself and near-duplicates of it, which would give away its answer.

    Each is compared when it is asked for: few of those that were found are used.
    """
    ours = shingles(text) if candidates else set()
    for other in candidates:
        if not is_near_duplicate(ours, shingles(other.transcript), settings.near_duplicate_overlap):
            yield other


def select_context(
    text: str, candidates: Sequence[Candidate], remembered: RememberedTerms, settings: Settings
) -> list[Example]:
    """The best examples, most relevant first.

    Selection stops at the number that the visit's complexity asks for, as soon as enough of them are good, or when the
    token budget is spent.
    """
    terms = clinical_terms(text)
    rated = {other: _relevance(other, terms, remembered, settings) for other in candidates}
    ranked = sorted(candidates, key=rated.__getitem__, reverse=True)
    wanted = min(settings.context_max_examples, examples_for(text, terms))
    budget = settings.context_token_budget
    chosen: list[Example] = []
    for other in other_visits(text, ranked, settings):
        if rated[other] < settings.context_min_relevance or _enough(chosen, wanted, settings):
            break
        cost = tokens(other.transcript) + tokens(str(other.expected))
        if cost <= budget:
            budget -= cost
            chosen.append(Example(other, rated[other]))
    return chosen


def examples_for(text: str, terms: frozenset[str]) -> int:
    """One example for a short and simple visit, one more for each 1,500 words and for each eight clinical terms."""
    return 1 + len(text.split()) // 1500 + len(terms) // 8


def tokens(text: str) -> int:
    """An estimate, rounded up."""
    return -(-len(text) // CHARS_PER_TOKEN)


def _relevance(candidate: Candidate, terms: frozenset[str], remembered: RememberedTerms, settings: Settings) -> float:
    theirs = remembered.of(candidate.id, candidate.transcript)
    return (
        settings.weight_similarity * max(0.0, candidate.similarity)
        + settings.weight_medical_relevance * _shared_terms(terms, theirs)
        + settings.weight_extraction_quality * candidate.quality
        + settings.weight_completeness * _completeness(candidate.expected)
    )


def _shared_terms(ours: frozenset[str], theirs: frozenset[str]) -> float:
    """The overlap coefficient (Szymkiewicz-Simpson): what the shorter list shares with the longer one."""
    smaller = min(len(ours), len(theirs))
    return len(ours & theirs) / smaller if smaller else 0.0


def _completeness(expected: dict[str, Any]) -> float:
    """The share of the action lists that hold something to learn from."""
    return sum(1 for category in ACTION_CATEGORIES if expected.get(category)) / len(ACTION_CATEGORIES)


def _enough(chosen: Sequence[Example], wanted: int, settings: Settings) -> bool:
    """Two good ones teach as much as five: stop early."""
    good = sum(1 for example in chosen if example.relevance >= settings.context_good_relevance)
    return len(chosen) >= wanted or good >= 2

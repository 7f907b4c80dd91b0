"""Picks the examples that enter the prompt: by relevance, as many as the visit's complexity and the budget ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from app.extraction.clinical_terms import clinical_terms
from app.extraction.likeness import is_near_duplicate
from app.findings import ACTION_CATEGORIES
from app.settings import Settings

CHARS_PER_TOKEN = 4  # a common estimate for English; exact counts differ by model and are not worth a tokenizer here


@dataclass(frozen=True, slots=True)
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


def other_visits(text: str, candidates: Sequence[Candidate], settings: Settings) -> list[Candidate]:
    """The candidates without the transcript itself and near-duplicates of it, which would give away its answer."""
    return [
        other for other in candidates if not is_near_duplicate(text, other.transcript, settings.near_duplicate_overlap)
    ]


def select_context(text: str, candidates: Sequence[Candidate], settings: Settings) -> list[Example]:
    """The best examples, most relevant first.

    Selection stops at the number that the visit's complexity asks for, as soon as enough of them are good, or when the
    token budget is spent.
    """
    terms = clinical_terms(text) if candidates else frozenset()
    ranked = sorted((_rated(other, terms, settings) for other in candidates), key=lambda e: e.relevance, reverse=True)
    wanted = min(settings.context_max_examples, examples_for(text, terms))
    budget = settings.context_token_budget
    chosen: list[Example] = []
    for example in ranked:
        if example.relevance < settings.context_min_relevance or _enough(chosen, wanted, settings):
            break
        cost = tokens(example.candidate.transcript) + tokens(str(example.candidate.expected))
        if cost <= budget:
            budget -= cost
            chosen.append(example)
    return chosen


def examples_for(text: str, terms: frozenset[str]) -> int:
    """One example for a short and simple visit, one more for each 1,500 words and for each eight clinical terms."""
    return 1 + len(text.split()) // 1500 + len(terms) // 8


def tokens(text: str) -> int:
    """An estimate, rounded up."""
    return -(-len(text) // CHARS_PER_TOKEN)


def _rated(candidate: Candidate, terms: frozenset[str], settings: Settings) -> Example:
    relevance = (
        settings.weight_similarity * max(0.0, candidate.similarity)
        + settings.weight_medical_relevance * _shared_terms(terms, clinical_terms(candidate.transcript))
        + settings.weight_extraction_quality * candidate.quality
        + settings.weight_completeness * _completeness(candidate.expected)
    )
    return Example(candidate, relevance)


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

"""Compares findings with the nearest gold standards: which ones count, and precision, recall and F1 against them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from app.extraction.context_selection import Candidate, other_visits
from app.extraction.matching import pair_items
from app.findings import ACTION_CATEGORIES
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Standard:
    """A gold case to compare with, and how much it counts."""

    case: Candidate
    weight: float


def compare_with_gold(
    text: str, findings: dict[str, list[dict[str, Any]]], candidates: Sequence[Candidate], settings: Settings
) -> dict[str, Any]:
    """`{"strategy", "standards", "scores"}`; no gold near enough gives the strategy `none` and null scores.

    `text` is the transcript, of which no gold case may be a near-duplicate.
    """
    near = [case for case in candidates if _is_near(case, settings)]
    near.sort(key=lambda case: case.similarity, reverse=True)
    strategy, standards = choose_standards(other_visits(text, near, settings), settings)
    scores = compare(findings, standards) if standards else None
    return {"strategy": strategy, "standards": _named(standards), "scores": scores}


def choose_standards(cases: Iterator[Candidate], settings: Settings) -> tuple[str, list[Standard]]:
    """Which of the cases, nearest first, to compare with: `one`, `three`, `weighted` (up to five), `none`."""
    best = next(cases, None)
    if best is None:
        return "none", []
    if best.similarity >= settings.gold_one_standard_similarity:
        return "one", [Standard(best, 1.0)]
    if best.similarity >= settings.gold_three_standards_similarity:
        return "three", [Standard(case, 1.0) for case in (best, *islice(cases, 2))]
    return "weighted", [Standard(case, case.similarity) for case in (best, *islice(cases, 4))]


def _is_near(case: Candidate, settings: Settings) -> bool:
    return case.kind == "test_case" and case.similarity >= settings.gold_min_similarity


def compare(findings: dict[str, list[dict[str, Any]]], standards: Sequence[Standard]) -> dict[str, Any]:
    """Precision, recall and F1 for each action list and over all of them, averaged over the standards by weight."""
    total = sum(standard.weight for standard in standards)
    averaged: dict[str, dict[str, float]] = {}
    for standard in standards:
        for name, scores in _against(findings, standard.case.expected).items():
            sums = averaged.setdefault(name, {"precision": 0.0, "recall": 0.0, "f1": 0.0})
            for measure, value in scores.items():
                sums[measure] += value * standard.weight / total
    return {name: {measure: round(value, 4) for measure, value in scores.items()} for name, scores in averaged.items()}


def _against(findings: dict[str, list[dict[str, Any]]], expected: dict[str, Any]) -> dict[str, dict[str, float]]:
    counts = {}
    for category in ACTION_CATEGORIES:
        found, wanted = findings[category], expected.get(category) or []
        counts[category] = (len(pair_items(category, found, wanted)), len(found), len(wanted))
    counts["overall"] = tuple(map(sum, zip(*counts.values(), strict=True)))  # type: ignore[assignment]
    return {name: _scores(*count) for name, count in counts.items()}


def _scores(matched: int, found: int, wanted: int) -> dict[str, float]:
    """Nothing found where nothing is wanted is right."""
    if not found and not wanted:
        return {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    precision = matched / found if found else 0.0
    recall = matched / wanted if wanted else 0.0
    return {"precision": precision, "recall": recall, "f1": 2 * matched / (found + wanted)}


def _named(standards: Sequence[Standard]) -> list[dict[str, Any]]:
    return [
        {"test_case_id": str(s.case.id), "similarity": round(s.case.similarity, 4), "weight": round(s.weight, 4)}
        for s in standards
    ]

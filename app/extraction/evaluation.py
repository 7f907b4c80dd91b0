"""Phase `evaluation`: scores that code computes, against the transcript and against the nearest gold standards."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.extraction.answer import PATIENT_REPORTED, SET_ASIDE_COMMITMENTS
from app.extraction.confidence import Witness, calibration, confidence_of
from app.extraction.context import Context
from app.extraction.context_selection import Candidate
from app.extraction.llm_extraction import Extraction
from app.extraction.matching import pair_items
from app.extraction.possibly_missed import possibly_missed
from app.extraction.second_reader import SecondReading, read_again
from app.extraction.sop_trace import trace_sops
from app.extraction.visit import Visit
from app.findings import ACTION_CATEGORIES, ITEM_TYPES
from app.llm.provider import RULES_ENGINE
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Standard:
    """A gold case to compare with, and how much it counts."""

    case: Candidate
    weight: float


def evaluate(visit: Visit, extraction: Extraction, context: Context, settings: Settings) -> dict[str, Any]:
    """The `evaluation` of an answer; writes each finding's confidence. All scores are shares from 0 to 1."""
    reading = read_again(visit.text, visit.turns)
    _rate(visit, extraction, reading)
    strategy, standards = choose_standards(context.candidates, settings)
    findings = [item for category in ITEM_TYPES for item in extraction.findings[category]]
    evidence_share = _share(findings, lambda item: bool(item["evidence"]))
    verified_share = _share(findings, lambda item: item["verification"] in ("verified", "repaired"))
    gold = compare(extraction.findings, standards) if standards else None
    score = _overall(evidence_share, verified_share, gold)
    error = expected_error([item for category in ACTION_CATEGORIES for item in extraction.findings[category]])
    reasons = review_reasons(findings, extraction, score, error, settings)
    return {
        "overall_score": round(score, 4),
        "confidence": _level(1 - error, settings),
        "expected_error": round(error, 4),
        "calibration": calibration().version,
        "quotes_in_transcript": round(evidence_share, 4),
        "verified_share": round(verified_share, 4),
        "verification": dict(Counter(item["verification"] for item in findings)),
        "gold": {"strategy": strategy, "standards": _named(standards), "scores": gold},
        "ledger": extraction.ledger.as_dict(),
        "possibly_missed": possibly_missed(visit.turns, [*findings, *_set_aside(extraction)], reading),
        "sop_trace": trace_sops(context.sops, extraction.findings, reading, visit.turns),
        "review_required": bool(reasons),
        "review_reasons": reasons,
    }


def _rate(visit: Visit, extraction: Extraction, reading: SecondReading) -> None:
    witness = Witness(visit, reading, read_by_rules=extraction.model["name"] == RULES_ENGINE)
    for category in ITEM_TYPES:
        for item in extraction.findings[category]:
            item["confidence"] = confidence_of(category, item, witness)


def expected_error(actions: Sequence[dict[str, Any]]) -> float:
    """The share of the action items, which the calibration was fitted on, that is expected to be wrong, by their confidences; 0 where there are none."""
    return 1 - sum(item["confidence"] for item in actions) / len(actions) if actions else 0.0


def choose_standards(candidates: Sequence[Candidate], settings: Settings) -> tuple[str, list[Standard]]:
    """Which gold cases to compare with, by likeness of the best: `one`, `three`, `weighted` (up to five), `none`."""
    cases = sorted(
        (c for c in candidates if c.kind == "test_case" and c.similarity >= settings.gold_min_similarity),
        key=lambda case: case.similarity,
        reverse=True,
    )
    if not cases:
        return "none", []
    best = cases[0].similarity
    if best >= settings.gold_one_standard_similarity:
        return "one", [Standard(cases[0], 1.0)]
    if best >= settings.gold_three_standards_similarity:
        return "three", [Standard(case, 1.0) for case in cases[:3]]
    return "weighted", [Standard(case, case.similarity) for case in cases[:5]]


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


def review_reasons(
    findings: Sequence[dict[str, Any]], extraction: Extraction, score: float, error: float, settings: Settings
) -> list[str]:
    """Why a person must look, as codes; none means that nobody has to.

    Nobody has to only while the share of items expected to be wrong stays within `REVIEW_RISK_TARGET`.
    """
    verdicts = {item["verification"] for item in findings}
    reasons = [verdict for verdict in ("contradicted", "unsupported") if verdict in verdicts]
    if score < settings.review_below_score:
        reasons.append("low_score")
    if error > settings.review_risk_target:
        reasons.append("risk_above_target")
    if not findings:
        reasons.append("nothing_found")
    if any(entry["reason"].startswith("malformed") for entry in extraction.ledger.rejected):
        reasons.append("items_rejected")
    return reasons


def _set_aside(extraction: Extraction) -> list[dict[str, Any]]:
    """Items that account for what was said though there is nothing to do about them."""
    reasons = (*SET_ASIDE_COMMITMENTS, PATIENT_REPORTED)
    return [entry["item"] for entry in extraction.ledger.rejected if entry["reason"] in reasons]


def _overall(evidence_share: float, verified_share: float, gold: dict[str, Any] | None) -> float:
    """What was checked counts equally: quotes, values and, where there is gold, the F1 against it."""
    parts = [evidence_share, verified_share]
    if gold is not None:
        parts.append(gold["overall"]["f1"])
    return sum(parts) / len(parts)


def _level(score: float, settings: Settings) -> str:
    if score >= settings.confidence_high:
        return "high"
    return "medium" if score >= settings.confidence_medium else "low"


def _named(standards: Sequence[Standard]) -> list[dict[str, Any]]:
    return [
        {"test_case_id": str(s.case.id), "similarity": round(s.case.similarity, 4), "weight": round(s.weight, 4)}
        for s in standards
    ]


def _share(findings: Sequence[dict[str, Any]], holds: Any) -> float:
    return sum(1 for item in findings if holds(item)) / len(findings) if findings else 1.0

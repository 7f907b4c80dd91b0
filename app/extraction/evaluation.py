"""Phase `evaluation`: scores that code computes, against the transcript and against the nearest gold standards."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from app.extraction.addressed_to_models import is_addressed_to_a_model
from app.extraction.answer import ACCOUNTED_FOR
from app.extraction.confidence import Witness, calibration, confidence_of
from app.extraction.context import Context
from app.extraction.gold_comparison import compare_with_gold
from app.extraction.llm_extraction import Extraction
from app.extraction.possibly_missed import possibly_missed
from app.extraction.review import expected_error, review_reasons
from app.extraction.sop_trace import trace_sops
from app.extraction.visit import Visit
from app.findings import ACTION_CATEGORIES, ITEM_TYPES
from app.llm.chat import RULES_ENGINE
from app.llm.offline.hearing import Heard
from app.settings import OFFLINE, Settings


def evaluate(
    visit: Visit, extraction: Extraction, context: Context, heard: Heard, settings: Settings
) -> dict[str, Any]:
    """The `evaluation` of an answer; writes each finding's confidence. All scores are shares from 0 to 1."""
    _rate(visit, extraction)
    findings = [item for category in ITEM_TYPES for item in extraction.findings[category]]
    evidence_share = _share(findings, lambda item: bool(item["evidence"]))
    verified_share = _share(findings, lambda item: item["verification"] in ("verified", "repaired"))
    gold = compare_with_gold(visit.text, extraction.findings, context.candidates, settings)
    score = _overall(evidence_share, verified_share, gold["scores"])
    error = expected_error([item for category in ACTION_CATEGORIES for item in extraction.findings[category]])
    reasons = review_reasons(findings, extraction.ledger, score, error, settings)
    if is_addressed_to_a_model(visit.text):
        reasons.append("addressed_to_a_model")
    if extraction.model["provider"] == OFFLINE != settings.llm_provider:
        reasons.append("served_by_rules_engine")
    return {
        "overall_score": round(score, 4),
        "confidence": _level(1 - error, settings),
        "expected_error": round(error, 4),
        "calibration": calibration().version,
        "quotes_in_transcript": round(evidence_share, 4),
        "verified_share": round(verified_share, 4),
        "verification": dict(Counter(item["verification"] for item in findings)),
        "gold": gold,
        "ledger": extraction.ledger.as_dict(),
        "possibly_missed": possibly_missed(visit.turns, [*findings, *_set_aside(extraction)], heard),
        "sop_trace": trace_sops(context.sops, extraction.findings, heard, visit),
        "review_required": bool(reasons),
        "review_reasons": reasons,
    }


def _rate(visit: Visit, extraction: Extraction) -> None:
    witness = Witness(visit, read_by_rules=extraction.model["name"] == RULES_ENGINE)
    for category in ITEM_TYPES:
        for item in extraction.findings[category]:
            item["confidence"] = confidence_of(category, item, witness)


def _set_aside(extraction: Extraction) -> list[dict[str, Any]]:
    """Items that account for what was said though there is nothing to do about them."""
    return [entry["item"] for entry in extraction.ledger.rejected if entry["reason"] in ACCOUNTED_FOR]


def _overall(evidence_share: float, verified_share: float, scores: dict[str, Any] | None) -> float:
    """What was checked counts equally: quotes, values and, where there is gold, the F1 against it."""
    parts = [evidence_share, verified_share]
    if scores is not None:
        parts.append(scores["overall"]["f1"])
    return sum(parts) / len(parts)


def _level(score: float, settings: Settings) -> str:
    if score >= settings.confidence_high:
        return "high"
    return "medium" if score >= settings.confidence_medium else "low"


def _share(findings: Sequence[dict[str, Any]], holds: Any) -> float:
    return sum(1 for item in findings if holds(item)) / len(findings) if findings else 1.0

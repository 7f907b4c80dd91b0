"""Whether a person must look at an extraction: by what is wrong with it, and by a stated risk."""

from collections.abc import Sequence
from typing import Any

from app.extraction.answer import ACCOUNTED_FOR, Ledger
from app.settings import Settings


def expected_error(actions: Sequence[dict[str, Any]]) -> float:
    """The share of the action items that is expected to be wrong by their confidences; 0 where there are none.

    Other items do not count: the calibration was fitted on action items.
    """
    return 1 - sum(item["confidence"] for item in actions) / len(actions) if actions else 0.0


def review_reasons(
    findings: Sequence[dict[str, Any]], ledger: Ledger, score: float, error: float, settings: Settings
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
    if any(entry["reason"] not in ACCOUNTED_FOR for entry in ledger.rejected):
        reasons.append("items_rejected")
    return reasons

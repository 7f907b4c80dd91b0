"""The export for programs: the findings as signed, with what is known of where each comes from."""

from typing import Any

from app.exports.visit import ExportedVisit
from app.review.decisions import ReviewedItem


def as_document(visit: ExportedVisit) -> dict[str, Any]:
    """`findings` are lists as in an extraction; `provenance` tells of each finding, by its id, who decided what."""
    run = visit.run
    return {
        "notice": visit.notice,
        "id": str(run.id),
        "transcript_id": str(run.transcript_id),
        "visit_date": run.visit_date.isoformat() if run.visit_date else None,
        "user_id": str(run.user_id),
        "clinician": run.clinician,
        "model": run.model,
        "version": run.version,
        "review": {
            "signed": visit.signed,
            "status": run.review["status"],
            "reviewer": visit.reviewer,
            "reviewed_at": visit.reviewed_at,
        },
        "findings": visit.review.result(),
        "provenance": {item.id: _provenance(item, visit) for item in visit.kept},
    }


def _provenance(item: ReviewedItem, visit: ExportedVisit) -> dict[str, Any]:
    decision = visit.last_decision(item)
    return {
        "origin": item.origin,
        "state": item.state,
        "decided_by": decision["actor"] if decision else None,
        "decided_at": decision["created_at"] if decision else None,
    }

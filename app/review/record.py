"""A run under review as the API shows it: the run, with the state of each of its items and all decisions."""

from typing import Any

from app.db.rows import AnyRow, columns
from app.extraction.record import as_answer
from app.review.decisions import ReviewedItem, fold


def as_reviewed(run: AnyRow) -> dict[str, Any]:
    """The body of `GET /extractions/{id}`; a run without a result has no review."""
    answer = as_answer(columns(run))
    if run.review is None:
        return answer
    review = fold(run.result, run.decisions)
    answer["review"] = {
        "reviewer": None,
        "reviewed_at": None,
        **run.review,
        "items": [_item(item) for item in review.items.values()],
        "must_decide": [item.id for item in review.undecided()],
        "decisions": [_decision(decision) for decision in run.decisions],
    }
    return answer


def _item(item: ReviewedItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "category": item.category,
        "state": item.state,
        "origin": item.origin,
        "item": item.values,
    }


def _decision(row: dict[str, Any]) -> dict[str, Any]:
    shown = ("id", "version", "item_id", "category", "action", "before", "after", "seconds")
    return {**{name: row[name] for name in shown}, "by": row["actor"], "at": row["created_at"]}

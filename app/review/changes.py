"""The changes that a review takes: decisions on items, the signature, reopening, and a verdict on the whole visit.

A review is open while its status is `pending` or `not_required`, and signed while it is `approved` or `rejected`:

    open --decisions--> open --finish--> signed --reopen--> open

Finishing needs each contradicted or unsupported finding to be decided. A verdict on the whole visit is possible at any
time and needs nothing. What is signed is kept in `reviewed`; reopening takes it away, the decisions stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from app.db.caller import Caller
from app.db.rows import AnyRow
from app.errors import Conflict, InvalidField, InvalidRequest, ReviewFinished, ReviewIncomplete
from app.findings import ITEM_TYPES
from app.review.corrections import SelectedWords, VisitText
from app.review.decisions import Action, Impossible, Item, Review, fold

Verdict = Literal["approved", "rejected"]
SIGNED: tuple[Verdict, ...] = ("approved", "rejected")


@dataclass(frozen=True, slots=True)
class Asked:
    """One decision as a reviewer sends it; `seconds` is how long it took them."""

    action: Action
    item_id: str | None = None
    category: str | None = None
    after: dict[str, Any] = field(default_factory=dict)
    evidence: Sequence[SelectedWords] = ()
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be written: columns of the run, and rows of decisions."""

    values: dict[str, Any]
    decisions: list[dict[str, Any]] = field(default_factory=list)


def decide(run: AnyRow, asked: Sequence[Asked], caller: Caller) -> Change:
    """All the decisions or none: the first that cannot be taken raises `InvalidRequest` with its pointer."""
    _require_finished_run(run)
    if is_signed(run):
        raise ReviewFinished()
    review = fold(run.result, run.decisions)
    names = frozenset(category["name"] for category in run.request["custom_categories"])
    text = VisitText(run.transcript, run.visit_date, names)
    taken = [_taken(review, text, one, f"/decisions/{at}") | {"actor": caller.actor} for at, one in enumerate(asked)]
    return Change({}, taken)


def finish(run: AnyRow, caller: Caller) -> Change:
    """The signature: raises `ReviewIncomplete` with pointers into the extraction to what is undecided."""
    _require_finished_run(run)
    if is_signed(run):
        raise ReviewFinished()
    review = fold(run.result, run.decisions)
    if undecided := {item.id for item in review.undecided()}:
        raise ReviewIncomplete(errors=tuple(_pointers(run.result, undecided)))
    return _signed(run, review, review.outcome(), caller)


def reopen(run: AnyRow) -> Change:
    """Takes the signature away; raises `Conflict` where there is none."""
    if not is_signed(run):
        raise Conflict("The review is open.")
    reasons = run.review["reasons"]
    return Change(
        {"review": {"status": "pending" if reasons else "not_required", "reasons": reasons}, "reviewed": None}
    )


def judge_whole(run: AnyRow, verdict: Verdict, caller: Caller) -> Change:
    """Approves or rejects the visit as it stands, whatever is undecided."""
    _require_finished_run(run)
    return _signed(run, fold(run.result, run.decisions), verdict, caller)


def is_signed(run: AnyRow) -> bool:
    return run.review is not None and run.review["status"] in SIGNED


def _require_finished_run(run: AnyRow) -> None:
    if run.state != "succeeded":
        raise Conflict("Only a finished extraction can be reviewed.")


def _signed(run: AnyRow, review: Review, verdict: Verdict, caller: Caller) -> Change:
    signature = {
        "status": verdict,
        "reviewer": caller.actor,
        "reviewer_user_id": str(caller.user_id) if caller.user_id else None,
        "reviewed_at": datetime.now(UTC).isoformat(),
    }
    return Change({"review": {**run.review, **signature}, "reviewed": review.result()})


def _taken(review: Review, text: VisitText, asked: Asked, pointer: str) -> dict[str, Any]:
    """The row of one decision, which is folded into `review` on the way."""
    before = review.items.get(asked.item_id or "")
    if before is None and asked.action != "add":
        raise _impossible(f"{pointer}/item_id", "unknown_item")
    category = before.category if before else str(asked.category)
    after: Item | None = None
    if before is None:
        after = text.added(category, asked.after, asked.evidence, pointer)
    elif asked.action == "edit":
        after = text.edited(category, before.values, asked.after, asked.evidence, pointer)
    values = before.values if before else None
    item_id = before.id if before else str((after or {})["id"])
    try:
        review.decide(asked.action, item_id, category, after)
    except Impossible as impossible:
        raise _impossible(pointer, str(impossible)) from None
    now = review.items.get(item_id)
    return {
        "action": asked.action,
        "item_id": item_id,
        "category": category,
        "before": values,
        "after": now.values if now and now.state != "rejected" else None,
        "seconds": asked.seconds,
    }


def _impossible(pointer: str, code: str) -> InvalidRequest:
    return InvalidRequest(errors=(InvalidField(pointer, code),))


def _pointers(result: dict[str, Any], ids: set[str]) -> list[InvalidField]:
    return [
        InvalidField(f"/extraction/{category}/{at}", item["verification"])
        for category in ITEM_TYPES
        for at, item in enumerate(result[category])
        if item["id"] in ids
    ]

"""What every export is made of: a run as its reviewer left it, and whether anybody signed it."""

from dataclasses import dataclass
from typing import Any, Self

from app.db.rows import AnyRow
from app.errors import Conflict
from app.review.decisions import Review, ReviewedItem, fold

NOTICE = {
    True: "Made by software from the words of the visit, then checked and signed by a clinician.",
    False: "Made by software from the words of the visit. No clinician has signed it.",
}


@dataclass(frozen=True, slots=True)
class ExportedVisit:
    """`run` as `find_review` gives it; `signed` tells whether it was approved."""

    run: AnyRow
    review: Review
    signed: bool

    @classmethod
    def of(cls, run: AnyRow, *, unsigned: bool) -> Self:
        """Raises `Conflict` for what nobody approved, unless `unsigned` asks for it all the same."""
        if run.state != "succeeded":
            raise Conflict("Only a finished extraction can be exported.")
        signed = run.review["status"] == "approved"
        if not (signed or unsigned):
            raise Conflict("No clinician has approved this visit; unsigned=true exports it all the same, and says so.")
        return cls(run, fold(run.result, run.decisions), signed)

    @property
    def kept(self) -> list[ReviewedItem]:
        """All findings but those that were rejected."""
        return [item for item in self.review.items.values() if item.state != "rejected"]

    @property
    def notice(self) -> str:
        return NOTICE[self.signed]

    @property
    def reviewer(self) -> str | None:
        return self.run.review.get("reviewer") if self.signed else None

    @property
    def reviewed_at(self) -> str | None:
        """ISO 8601, aware."""
        return self.run.review.get("reviewed_at") if self.signed else None

    def last_decision(self, item: ReviewedItem) -> dict[str, Any] | None:
        """The newest stored decision on an item."""
        own = [decision for decision in self.run.decisions if decision["item_id"] == item.id]
        return own[-1] if own else None

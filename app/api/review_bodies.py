"""The JSON bodies of a review, as the OpenAPI document describes them."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from app.api.bodies import Body, ReviewBody, RunBody

Category = Literal[
    "follow_up_tasks",
    "medication_instructions",
    "patient_reminders",
    "clinician_todos",
    "problems",
    "allergies",
    "vitals",
    "custom",
]
# What each action has to bring, and may bring, beside how long it took.
_NEEDED = {
    "accept": {"item_id"},
    "reject": {"item_id"},
    "undo": {"item_id"},
    "edit": {"item_id", "after"},
    "add": {"category", "after", "evidence"},
}
_ALLOWED = {"edit": {"evidence"}}


class SelectedWordsBody(Body):
    """A selection in the transcript: `transcript[start:end]` has to be `quote`, counted in code points."""

    start: int = Field(ge=0)
    end: int = Field(ge=1)
    quote: str = Field(min_length=1)


class ItemDecision(Body):
    """One decision. `edit` gives the fields that change; `add` all fields of a new item, where null may be left out."""

    action: Literal["accept", "edit", "reject", "undo", "add"]
    item_id: UUID | None = Field(default=None, description="Of all actions but `add`, for which the service makes one.")
    category: Category | None = Field(default=None, description="Of `add`.")
    after: dict[str, Any] | None = Field(default=None, description="Fields of `edit` and `add`.")
    evidence: list[SelectedWordsBody] | None = Field(
        default=None,
        min_length=1,
        max_length=10,
        description="The words that prove it: of `add`, and of `edit` if new.",
    )
    seconds: float | None = Field(default=None, ge=0, le=86_400, description="How long the decision took.")

    @model_validator(mode="after")
    def _fits_its_action(self) -> "ItemDecision":
        given = {name for name in ("item_id", "category", "after", "evidence") if getattr(self, name) is not None}
        needed = _NEEDED[self.action]
        if needed - given:
            raise PydanticCustomError("missing", "the action needs more")
        if given - needed - _ALLOWED.get(self.action, set()):
            raise PydanticCustomError("not_of_this_action", "the action takes less")
        return self


class ReviewChange(Body):
    """Either decisions on items, which need `If-Match`, or a verdict on the whole visit."""

    status: Literal["approved", "rejected"] | None = None
    decisions: list[ItemDecision] | None = Field(default=None, min_length=1, max_length=200)

    @model_validator(mode="after")
    def _is_one_of_both(self) -> "ReviewChange":
        if (self.status is None) == (self.decisions is None):
            raise PydanticCustomError("status_or_decisions", "exactly one of status and decisions is needed")
        return self


class ReviewedItemBody(BaseModel):
    """An item as the reviewer sees it now; `confidence` is null where a person wrote it."""

    id: UUID
    category: Category
    state: Literal["undecided", "accepted", "edited", "rejected"]
    origin: Literal["model", "person"]
    item: dict[str, Any] = Field(description="In the shape of the extraction's list of that category.")


class DecisionBody(BaseModel):
    """A stored decision; `after` is null where nothing is left of the item, `before` where it was new."""

    id: UUID
    version: int = Field(description="The version of the extraction that it made.")
    item_id: UUID
    category: Category
    action: Literal["accept", "edit", "reject", "undo", "add"]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    seconds: float | None
    by: str
    at: datetime


class ReviewState(ReviewBody):
    """Where a review stands; the model's own items stay in `extraction`."""

    reviewer: str | None
    reviewed_at: datetime | None
    items: list[ReviewedItemBody]
    must_decide: list[UUID] = Field(description="Items that have to be decided before the review can be finished.")
    decisions: list[DecisionBody] = Field(description="All of them, oldest first.")


class ReviewedRun(RunBody):
    """One extraction with its review."""

    review: ReviewState | None

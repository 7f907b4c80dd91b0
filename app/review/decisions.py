"""Folds a clinician's decisions over an extraction: one pure function, so that the stored log is all there is to know.

Each decision adds a step to its item's history and an undo takes the last one off, so that the states of an item are
`undecided` (nothing but the model's item), `accepted` (kept as it was), `edited` (kept with other values) and
`rejected`. An item that a person added begins as accepted; undoing that takes it away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.findings import ITEM_TYPES

Action = Literal["accept", "edit", "reject", "undo", "add"]
State = Literal["undecided", "accepted", "edited", "rejected"]
Origin = Literal["model", "person"]
# Nobody signs what these say without having looked.
MUST_BE_DECIDED = ("contradicted", "unsupported")
Item = dict[str, Any]


class Impossible(ValueError):
    """A decision that this item does not take now; the message is a stable code."""


@dataclass(slots=True)
class ReviewedItem:
    """One finding with what was decided about it: `(state, values)` after each decision, the newest last."""

    id: str
    category: str
    origin: Origin
    steps: list[tuple[State, Item]]

    @property
    def state(self) -> State:
        return self.steps[-1][0]

    @property
    def values(self) -> Item:
        """As the reviewer sees it now, in the shape of the list it belongs to."""
        return self.steps[-1][1]

    @property
    def must_be_decided(self) -> bool:
        return self.state == "undecided" and self.values["verification"] in MUST_BE_DECIDED

    def keep(self, values: Item) -> None:
        """Edited only where it says something else than at first, or by other words."""
        first = self.steps[0][1]
        said = ITEM_TYPES[self.category].model_fields
        same = all(values[name] == first[name] for name in said)
        self.steps.append(("accepted", first) if same else ("edited", values))


@dataclass(slots=True)
class Review:
    """An extraction under review: its items by id, the model's first, in the order of the lists."""

    summary: str
    items: dict[str, ReviewedItem] = field(default_factory=dict)

    def decide(self, action: Action, item_id: str, category: str | None, after: Item | None) -> None:
        """Takes one decision; `after` is the whole item for `edit` and `add`. Raises `Impossible`."""
        if action == "add":
            self._add(item_id, category, after)
            return
        item = self.items.get(item_id)
        if item is None:
            raise Impossible("unknown_item")
        if action == "undo":
            self._undo(item)
        elif action == "reject":
            item.steps.append(("rejected", item.values))
        else:
            item.keep(item.values if after is None else after)

    def undecided(self) -> list[ReviewedItem]:
        """What stands in the way of signing."""
        return [item for item in self.items.values() if item.must_be_decided]

    def outcome(self) -> Literal["approved", "rejected"]:
        """What a signature makes of it: where each finding was rejected nothing is left to approve."""
        states = [item.state for item in self.items.values()]
        return "rejected" if states and all(state == "rejected" for state in states) else "approved"

    def result(self) -> dict[str, Any]:
        """The extraction as the reviewer leaves it, in the shape that the model's has."""
        lists: dict[str, list[Item]] = {category: [] for category in ITEM_TYPES}
        for item in self.items.values():
            if item.state != "rejected":
                lists[item.category].append(item.values)
        return {"summary": self.summary, **lists}

    def _add(self, item_id: str, category: str | None, after: Item | None) -> None:
        if item_id in self.items or category is None or after is None:
            raise Impossible("not_new")
        self.items[item_id] = ReviewedItem(item_id, category, "person", [("accepted", after)])

    def _undo(self, item: ReviewedItem) -> None:
        if len(item.steps) > 1:
            item.steps.pop()
        elif item.origin == "person":
            del self.items[item.id]
        else:
            raise Impossible("nothing_to_undo")


def fold(result: Mapping[str, Any] | None, decisions: Iterable[Mapping[str, Any]]) -> Review:
    """The review of a stored `result` after its stored decisions, oldest first; neither is changed."""
    result = result or {}
    review = Review(str(result.get("summary", "")))
    for category in ITEM_TYPES:
        for item in result.get(category, ()):
            review.items[item["id"]] = ReviewedItem(item["id"], category, "model", [("undecided", item)])
    for decision in decisions:
        review.decide(decision["action"], decision["item_id"], decision["category"], decision["after"])
    return review

"""Any sequence of decisions, undos, signatures and reopenings keeps what a review promises (a hypothesis machine)."""

import copy
from datetime import date
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import orjson
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.db.caller import LOCAL_CALLER
from app.db.rows import AnyRow
from app.errors import Conflict, InvalidRequest, ReviewFinished, ReviewIncomplete
from app.findings import ITEM_TYPES
from app.review import changes
from app.review.changes import Asked, Change
from app.review.corrections import SelectedWords
from app.review.decisions import MUST_BE_DECIDED, fold
from tests.fuzzing.length import TIMES

TEXT = "Doctor: Take ibuprofen 400 mg twice a day. Rest well.\nPatient: I will."
CHECKED = {"commitment": "ordered", "evidence": [], "confidence": 0.5, "flags": [], "repairs": []}
PICK = st.integers(0, 30)


def reminder(verification: str) -> dict[str, Any]:
    words = {"reminder_type": "other", "description": "Rest well", "due": None, "due_date": None, "priority": "low"}
    return {"id": str(uuid4()), **words, **CHECKED, "verification": verification}


class ReviewMachine(RuleBasedStateMachine):
    """The review beside a model of it: a stack of states for each item, nothing else."""

    def __init__(self) -> None:
        super().__init__()
        items = [reminder(verdict) for verdict in ("verified", "repaired", "contradicted", "unsupported")]
        self.result = {"summary": "Rest.", **{category: [] for category in ITEM_TYPES}, "patient_reminders": items}
        self.given = copy.deepcopy(self.result)
        self.states: dict[str, list[str]] = {item["id"]: ["undecided"] for item in items}
        self.review: dict[str, Any] = {"status": "pending", "reasons": ["contradicted"]}
        self.reviewed: dict[str, Any] | None = None
        self.decisions: list[dict[str, Any]] = []

    @property
    def run_row(self) -> AnyRow:
        """As the database would give it."""
        row = SimpleNamespace(
            state="succeeded",
            result=self.result,
            review=self.review,
            decisions=orjson.loads(orjson.dumps(self.decisions)),
            request={"custom_categories": []},
            transcript=TEXT,
            visit_date=date(2026, 11, 20),
        )
        return cast(AnyRow, row)

    @property
    def is_signed(self) -> bool:
        return self.review["status"] in ("approved", "rejected")

    def apply(self, change: Change) -> None:
        self.decisions += change.decisions
        self.review = change.values.get("review", self.review)
        self.reviewed = change.values.get("reviewed", self.reviewed)

    def take(self, asked: Asked) -> None:
        self.apply(changes.decide(self.run_row, [asked], LOCAL_CALLER))

    def some_item(self, pick: int) -> str | None:
        return list(self.states)[pick % len(self.states)] if self.states else None

    @precondition(lambda self: not self.is_signed)
    @rule(pick=PICK, action=st.sampled_from(["accept", "reject", "edit"]), due=st.sampled_from(["in one week", None]))
    def decide(self, pick: int, action: Any, due: str | None) -> None:
        item_id = self.some_item(pick)
        self.take(Asked(action, item_id, after={"due": due} if action == "edit" else {}, seconds=1.0))
        now = fold(self.result, self.decisions).items[str(item_id)].state
        assert now == "rejected" if action == "reject" else now in ("accepted", "edited")
        self.states[str(item_id)].append(now)

    @precondition(lambda self: not self.is_signed)
    @rule(pick=PICK)
    def undo(self, pick: int) -> None:
        item_id = self.some_item(pick)
        if self.states[str(item_id)] == ["undecided"]:
            with pytest.raises(InvalidRequest):
                self.take(Asked("undo", item_id))
            return
        self.take(Asked("undo", item_id))
        self.states[str(item_id)].pop()
        if not self.states[str(item_id)]:
            del self.states[str(item_id)]

    @precondition(lambda self: not self.is_signed and len(self.states) < 7)
    @rule()
    def add(self) -> None:
        fields = {"reminder_type": "lifestyle", "description": "Rest well", "priority": "low"}
        start = TEXT.index("Rest well")
        words = SelectedWords(start, start + 9, "Rest well")
        self.take(Asked("add", category="patient_reminders", after=fields, evidence=[words]))
        self.states[self.decisions[-1]["item_id"]] = ["accepted"]

    @rule()
    def finish(self) -> None:
        undecided = {
            item["id"]
            for item in self.result["patient_reminders"]
            if item["verification"] in MUST_BE_DECIDED and self.states[item["id"]] == ["undecided"]
        }
        if self.is_signed or undecided:
            with pytest.raises(ReviewFinished if self.is_signed else ReviewIncomplete) as refused:
                self.apply(changes.finish(self.run_row, LOCAL_CALLER))
            assert self.is_signed or len(refused.value.errors) == len(undecided)
            return
        self.apply(changes.finish(self.run_row, LOCAL_CALLER))
        every = {states[-1] for states in self.states.values()}
        assert self.review["status"] == ("rejected" if every == {"rejected"} else "approved")

    @rule(verdict=st.sampled_from(["approved", "rejected"]))
    def judge_whole(self, verdict: Any) -> None:
        self.apply(changes.judge_whole(self.run_row, verdict, LOCAL_CALLER))
        assert self.review["status"] == verdict

    @rule()
    def reopen(self) -> None:
        if not self.is_signed:
            with pytest.raises(Conflict):
                changes.reopen(self.run_row)
            return
        self.apply(changes.reopen(self.run_row))
        assert self.review == {"status": "pending", "reasons": ["contradicted"]}

    @precondition(lambda self: self.is_signed)
    @rule(pick=PICK, action=st.sampled_from(["accept", "reject", "undo"]))
    def decide_too_late(self, pick: int, action: Any) -> None:
        with pytest.raises(ReviewFinished):
            self.take(Asked(action, self.some_item(pick)))

    @invariant()
    def the_models_own_items_stay_as_they_were(self) -> None:
        assert self.result == self.given

    @invariant()
    def the_stored_decisions_tell_the_states(self) -> None:
        folded = fold(self.result, orjson.loads(orjson.dumps(self.decisions)))
        assert {item_id: item.state for item_id, item in folded.items.items()} == {
            item_id: states[-1] for item_id, states in self.states.items()
        }

    @invariant()
    def what_is_signed_is_what_is_not_rejected(self) -> None:
        assert (self.reviewed is not None) == self.is_signed
        kept = {item_id for item_id, states in self.states.items() if states[-1] != "rejected"}
        if self.reviewed is not None:
            assert {item["id"] for item in self.reviewed["patient_reminders"]} == kept


TestReview = ReviewMachine.TestCase
TestReview.settings = settings(max_examples=40 * TIMES, stateful_step_count=20, deadline=None)

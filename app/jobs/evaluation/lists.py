"""Scores the four action lists against hand-made lists, and the attributes of the items that match."""

from collections import Counter
from dataclasses import dataclass, field

from app.extraction.assignment import best_pairs
from app.extraction.matching import MATCH_AT, same_drug, token_f1
from app.findings import ACTION_CATEGORIES
from app.jobs.evaluation.attributes import Verdict, judge
from app.jobs.evaluation.counts import Counts
from app.jobs.evaluation.labelled import Answer, Item, LabelledVisit

_ATTRIBUTES = {
    "follow_up_tasks": ("due", "assigned_to"),
    "medication_instructions": ("dosage", "frequency", "duration", "route", "status"),
    "patient_reminders": ("due", "reminder_type"),
    "clinician_todos": ("due", "task_type"),
}


@dataclass(slots=True)
class ListComparison:
    """One list of one visit: (gold, answered) pairs, what was missed, and what nobody asked for."""

    pairs: list[tuple[Item, Item]]
    misses: list[Item]
    false_alarms: list[Item]
    optional_pairs: list[tuple[Item, Item]]

    @property
    def counts(self) -> Counts:
        return Counts(len(self.pairs), len(self.false_alarms), len(self.misses))


@dataclass(slots=True)
class ListScores:
    """Counts per list, and verdicts per attribute, named as in "medication_instructions.dosage"."""

    lists: dict[str, Counts] = field(default_factory=lambda: dict.fromkeys(ACTION_CATEGORIES, Counts()))
    attributes: dict[str, Counter[Verdict]] = field(default_factory=dict)

    @property
    def micro(self) -> Counts:
        return sum(self.lists.values(), Counts())

    def add(self, category: str, comparison: ListComparison) -> None:
        """Counts one list of one visit. Attributes count on optional pairs too: its values are not optional."""
        self.lists[category] += comparison.counts
        for gold, answered in comparison.pairs + comparison.optional_pairs:
            for attribute in _ATTRIBUTES[category]:
                verdict = judge(attribute, gold.get(attribute), answered.get(attribute))
                self.attributes.setdefault(f"{category}.{attribute}", Counter())[verdict] += 1


def compare_lists(visit: LabelledVisit, answer: Answer) -> dict[str, ListComparison]:
    """The comparison of each list; the visit must have hand-made lists.

    Answers are paired one to one with the gold items first. What is left and matches an optional item is set aside:
    it is neither rewarded nor punished. Declined and past things are no actions and are left out.
    """
    gold = visit.lists or {}
    return {
        category: _compare(category, gold.get(category, []), visit.optional_lists.get(category, []), visit, answer)
        for category in ACTION_CATEGORIES
    }


def _compare(
    category: str, gold: list[Item], optional: list[Item], visit: LabelledVisit, answer: Answer
) -> ListComparison:
    answered = [item for item in answer[category] if item["commitment"] not in {"declined", "historical"}]
    pairs = _pair(category, gold, answered, visit.transcript)
    left = _without(answered, [item for _, item in pairs])
    optional_pairs = _pair(category, optional, left, visit.transcript)
    return ListComparison(
        pairs=pairs,
        misses=_without(gold, [item for item, _ in pairs]),
        false_alarms=_without(left, [item for _, item in optional_pairs]),
        optional_pairs=optional_pairs,
    )


def _pair(category: str, gold: list[Item], answered: list[Item], transcript: str) -> list[tuple[Item, Item]]:
    weights = [[_weight(category, one, other, transcript) for other in answered] for one in gold]
    return [(gold[row], answered[column]) for row, column in best_pairs(weights)]


def _weight(category: str, gold: Item, answered: Item, transcript: str) -> float:
    """0 for no match; else over 1, so that as many items as possible are paired, the most alike with each other."""
    if category == "medication_instructions":
        names = gold["medication_name"], answered["medication_name"]
        alike = token_f1(*names)
        return 1 + alike if same_drug(*names) or alike >= MATCH_AT else 0.0
    alike = token_f1(gold["description"], answered["description"])
    return 1 + alike if alike >= MATCH_AT or _quotes_overlap(gold, answered, transcript) else 0.0


def _quotes_overlap(gold: Item, answered: Item, transcript: str) -> bool:
    start = transcript.find(gold["evidence"])
    end = start + len(gold["evidence"])
    return start >= 0 and any(quote["start"] < end and start < quote["end"] for quote in answered["evidence"])


def _without(items: list[Item], taken: list[Item]) -> list[Item]:
    """The items that are not among those taken, told apart by identity, since two may read the same."""
    gone = {id(item) for item in taken}
    return [item for item in items if id(item) not in gone]

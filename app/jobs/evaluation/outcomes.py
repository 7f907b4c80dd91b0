"""Says of each item of an answer whether the labels bear it out, beside the confidence that the service gave it."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.findings import ACTION_CATEGORIES
from app.jobs.evaluation.counts import share
from app.jobs.evaluation.labelled import Answer, Item, LabelledVisit
from app.jobs.evaluation.lists import compare_lists
from app.language.drugs import canonical_name
from app.language.procedures import find_procedures

_BINS = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """`confidence` from 0 to 1, and whether the item turned out right."""

    confidence: float
    right: bool


def outcomes_of(visit: LabelledVisit, answer: Answer) -> Iterator[Outcome]:
    """The confidence of each item that the visit's labels can judge, and whether it turned out right."""
    for _, item, right in judged_items(visit, answer):
        yield Outcome(item["confidence"], right)


def judged_items(visit: LabelledVisit, answer: Answer) -> Iterator[tuple[str, Item, bool]]:
    """`(category, item, right)` of what the labels can judge; advice and tasks only where there are hand-made lists.

    With hand-made lists, an item is right when it is paired with a gold or an optional item. Else a medicine is right
    when the note or an order names it, and a test or referral when the note or an order names one of the same kind.
    """
    if visit.lists is not None:
        yield from _by_lists(visit, answer)
    elif visit.note_facts is not None:
        yield from _by_names(visit, answer)


def calibration_error(outcomes: list[Outcome]) -> float:
    """Expected calibration error (Naeini et al. 2015), 0 to 1, over ten bins of equal width.

    The mean, weighted by the items in a bin, of the distance between the bin's mean confidence and its share of right.
    """
    bins: dict[int, list[Outcome]] = {}
    for outcome in outcomes:
        bins.setdefault(min(int(outcome.confidence * _BINS), _BINS - 1), []).append(outcome)
    gaps = (abs(sum(item.confidence - item.right for item in members)) for members in bins.values())
    return share(sum(gaps), len(outcomes))


def _by_lists(visit: LabelledVisit, answer: Answer) -> Iterator[tuple[str, Item, bool]]:
    for category, compared in compare_lists(visit, answer).items():
        for _, item in compared.pairs + compared.optional_pairs:
            yield category, item, True
        for item in compared.false_alarms:
            yield category, item, False


def _by_names(visit: LabelledVisit, answer: Answer) -> Iterator[tuple[str, Item, bool]]:
    drugs, procedures = _named(visit)
    for category in ACTION_CATEGORIES:
        for item in answer[category]:
            if category == "medication_instructions":
                yield category, item, canonical_name(item["medication_name"]) in drugs
            elif item.get("task_type") in {"test_order", "referral"} and (names := _procedures(item)):
                yield category, item, bool(names & procedures)


def _named(visit: LabelledVisit) -> tuple[set[str], set[str]]:
    """The drugs, and the tests and specialties, that the note or an order names, in passing or not."""
    facts = visit.note_facts or {}
    orders = [order["description"] for order in visit.orders or []]
    medicines = [*facts.get("medications", []), *facts.get("medications_optional", []), *orders]
    kinds = ("tests_ordered", "tests_ordered_optional", "referrals", "referrals_optional")
    actions = [*orders, *(name for kind in kinds for name in facts.get(kind, []))]
    drugs = {canonical_name(name) for name in [*medicines, *facts.get("medication_classes", [])]}
    return drugs, {procedure.name for action in actions for procedure in find_procedures(action)}


def _procedures(item: Item) -> set[str]:
    return {procedure.name for procedure in find_procedures(item["description"])}

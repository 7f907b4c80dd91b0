"""Reads an answer as MEDIQA-OE orders: medication, lab, imaging and followup, each real-world thing once."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from app.extraction.matching import same_drug, token_f1
from app.jobs.evaluation.as_said import dose_as_said, visit_as_said
from app.jobs.evaluation.labelled import Answer, Item
from app.language.procedures import find_procedures

OrderType = Literal["medication", "lab", "imaging", "followup"]

# The annotators count conditional plans as orders, and only one in seven of the medicines that are merely kept.
_TO_DO = {"ordered", "recommended", "continuing", "conditional"}
_ORDERED_STATUSES = {"start", "change"}
_SAME_THING = 0.5

_RETURN_VISIT = re.compile(
    r"\b(?:see (?:you|me|us|him|her|them|the (?:doctor|patient))|com(?:e|ing) (?:back|in)|return|recheck|"
    r"follow(?:ing)?[- ]?ups?|followup|(?:next|another|an) (?:appointment|visit)|back (?:here|in)|check[- ]?in|review|"
    r"reassess\w*|re-?evaluat\w+)\b",
    re.IGNORECASE,
)
_ORDER_VERB = re.compile(
    r"^(?:order|repeat|obtain|get|check|recheck|schedule|do|have|arrange|perform|run)\s+(?:an?|the|your)?\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Order:
    """One order; `turns` are the ids of the turns that prove it."""

    order_type: str
    description: str
    reason: str | None
    turns: frozenset[int]


def orders_of(answer: Answer, turn_spans: Mapping[int, tuple[int, int]]) -> list[Order]:
    """The orders that an answer gives, in its order of lists, what is told in two lists only once.

    Medications that are started or changed; test orders as lab or imaging; return visits as followup, in the words
    of their quotes. Referrals, procedures and advice are no orders of the task.
    """
    orders: list[Order] = []
    for order in _told(answer, turn_spans):
        twin = next((place for place, kept in enumerate(orders) if _same_thing(kept, order)), None)
        if twin is None:
            orders.append(order)
        else:
            orders[twin] = _joined(orders[twin], order)
    return orders


def gold_orders(orders: list[Item]) -> list[Order]:
    """The labelled orders of a visit."""
    return [
        Order(order["order_type"], order["description"], order["reason"] or None, frozenset(order["provenance"]))
        for order in orders
    ]


def turns_of(item: Item, turn_spans: Mapping[int, tuple[int, int]]) -> frozenset[int]:
    """The ids of the turns that an item's quotes touch."""
    return frozenset(
        turn
        for turn, (start, end) in turn_spans.items()
        if any(quote["start"] < end and start < quote["end"] for quote in item["evidence"])
    )


def _told(answer: Answer, turn_spans: Mapping[int, tuple[int, int]]) -> Iterator[Order]:
    for item in answer["medication_instructions"]:
        if item["status"] in _ORDERED_STATUSES and item["commitment"] in _TO_DO:
            yield Order("medication", _medication(item), item["reason"], turns_of(item, turn_spans))
    for category in ("clinician_todos", "follow_up_tasks", "patient_reminders"):
        for item in answer[category]:
            order_type = _order_type(category, item)
            if order_type and item["commitment"] in _TO_DO:
                yield Order(order_type, _action(order_type, item), item.get("reason"), turns_of(item, turn_spans))


def _medication(item: Item) -> str:
    parts = (item["medication_name"], dose_as_said(item), item["frequency"], item["duration"])
    return " ".join(part for part in parts if part)


def _order_type(category: str, item: Item) -> OrderType | None:
    """What kind of order a task, reminder or to-do is; None when it is none of the task's four."""
    if category == "clinician_todos" and item["task_type"] == "test_order":
        return test_type(item["description"])
    if category == "clinician_todos" and item["task_type"] != "follow_up":
        return None
    if category == "patient_reminders" and item["reminder_type"] != "appointment":
        return None
    return "followup" if _RETURN_VISIT.search(item["description"]) else None


def test_type(description: str) -> OrderType | None:
    """lab or imaging, by the first test named; None for other tests, such as a colonoscopy, and for unknown ones."""
    kinds = [procedure.kind for procedure in find_procedures(description)]
    return next((kind for kind in kinds if kind == "lab" or kind == "imaging"), None)


def _action(order_type: OrderType, item: Item) -> str:
    return visit_as_said(item) if order_type == "followup" else _ORDER_VERB.sub("", item["description"])


def _same_thing(one: Order, other: Order) -> bool:
    if one.order_type != other.order_type:
        return False
    if one.order_type == "medication":
        return same_drug(one.description, other.description)
    alike = token_f1(one.description, other.description) >= _SAME_THING
    return alike or (one.order_type == "followup" and bool(one.turns & other.turns))


def _joined(one: Order, other: Order) -> Order:
    return replace(one, reason=one.reason or other.reason, turns=one.turns | other.turns)

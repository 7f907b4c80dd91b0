"""Lists what was paired, missed and invented in one visit, for error analysis."""

from collections.abc import Iterator

from app.jobs.evaluation.labelled import Answer, Item, LabelledVisit
from app.jobs.evaluation.lists import compare_lists
from app.jobs.evaluation.medications import compare_medications
from app.jobs.evaluation.mediqa import pair_orders
from app.jobs.evaluation.orders import Order, gold_orders, orders_of

PARTS = ("mediqa", "lists", "medications")


def list_errors(part: str, visit: LabelledVisit, answer: Answer) -> Iterator[str]:
    """Lines for a person, with words of the visit: `=` a pair (label, then answer), `-` a miss, `+` a false alarm.

    `part` is one of `PARTS`; a visit without labels for it gives no lines.
    """
    if part == "mediqa" and visit.orders is not None:
        yield from _orders(visit, answer)
    elif part == "medications" and visit.note_facts is not None:
        yield from _medications(visit, answer)
    elif part == "lists" and visit.lists is not None:
        yield from _lists(visit, answer)


def _orders(visit: LabelledVisit, answer: Answer) -> Iterator[str]:
    for gold, answered in pair_orders(gold_orders(visit.orders or []), orders_of(answer, visit.turn_spans)):
        mark = "=" if gold and answered else "-" if gold else "+"
        yield f"{mark} " + "\n    ".join(_order(order) for order in (gold, answered) if order)


def _order(order: Order) -> str:
    return f"{order.order_type}: {order.description} | because {order.reason} | turns {sorted(order.turns)}"


def _medications(visit: LabelledVisit, answer: Answer) -> Iterator[str]:
    comparison = compare_medications(visit, answer)
    yield from (f"= {name}" for name in comparison.found)
    yield from (f"- {name}" for name in comparison.missed)
    yield from (f"+ {name}" for name in comparison.false_alarms)
    yield from (f"{verdict} dose of {name}: {noted} / {given}" for name, noted, given, verdict in comparison.doses)


def _lists(visit: LabelledVisit, answer: Answer) -> Iterator[str]:
    for category, compared in compare_lists(visit, answer).items():
        yield f"{category}:"
        yield from (f"= {_item(gold)}\n    {_item(answered)}" for gold, answered in compared.pairs)
        yield from (f"- {_item(gold)}" for gold in compared.misses)
        yield from (f"+ {_item(answered)}" for answered in compared.false_alarms)
        yield from (f"optional {_item(answered)}" for _, answered in compared.optional_pairs)


def _item(item: Item) -> str:
    told = {name: value for name, value in item.items() if value and name not in {"evidence", "id"}}
    evidence = item["evidence"]
    quotes = evidence if isinstance(evidence, str) else " ... ".join(quote["quote"] for quote in evidence)
    return f"{told} | {quotes}"

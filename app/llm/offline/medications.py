"""Reads the medication instructions of a visit: one item a medicine, with dose, timing, status and the words that prove it."""

from collections.abc import Sequence
from typing import Any

from app.llm.offline.medication_mentions import Mention, read_mentions
from app.llm.offline.medication_status import Decision, decide
from app.llm.offline.medication_values import Values, read_values
from app.llm.offline.visit import SpokenTurn


def read_medications(turns: Sequence[SpokenTurn]) -> list[dict[str, Any]]:
    """Items in the shape of `findings.MedicationInstruction`, in the order in which the medicines are first named.

    Declined and historical ones are among them, marked by their commitment; other people's medicines are not.
    """
    mentions = read_mentions(turns)
    items = []
    for group in _by_medicine(mentions):
        decision = decide(group)
        if decision:
            items.append(_item(group, decision, mentions, turns))
    return items


def _by_medicine(mentions: Sequence[Mention]) -> list[list[Mention]]:
    groups: dict[str, list[Mention]] = {}
    for mention in mentions:
        groups.setdefault(mention.drug.canonical, []).append(mention)
    return list(groups.values())


def _item(
    group: list[Mention], decision: Decision, mentions: Sequence[Mention], turns: Sequence[SpokenTurn]
) -> dict[str, Any]:
    values = read_values(group, decision, mentions, turns)
    return {
        "medication_name": decision.by.drug.name,
        "dosage": values.dosage,
        "frequency": values.frequency,
        "duration": values.duration,
        "route": values.route,
        "reason": values.reason,
        "special_instructions": values.special_instructions,
        "status": decision.status,
        "commitment": decision.commitment,
        "evidence": _evidence(values, turns),
    }


def _evidence(values: Values, turns: Sequence[SpokenTurn]) -> list[dict[str, Any]]:
    return [{"turn": turns[index].number, "quote": turns[index].text[start:end]} for index, start, end in values.quoted]

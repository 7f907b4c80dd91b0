"""Reads the medication instructions of a visit: one item a medicine, with values, status and proving words."""

from collections.abc import Collection, Sequence
from typing import Any

from app.language.drug_lexicon import members
from app.language.drugs import Drug
from app.llm.offline.hearing import Heard
from app.llm.offline.medication_mentions import read_mentions, read_mentions_of
from app.llm.offline.medication_scope import Surroundings
from app.llm.offline.medication_status import Decision, decide
from app.llm.offline.medication_values import Values, first_quote, read_values
from app.llm.offline.mention import Mention
from app.llm.offline.visit import SpokenTurn


def read_medications(heard: Heard) -> list[dict[str, Any]]:
    """Items in the shape of `findings.MedicationInstruction`, in the order in which the medicines are first named.

    Declined and historical ones are among them, marked by their commitment; other people's medicines are not.
    """
    mentions, turns = read_mentions(heard), heard.turns
    decided = [(group, decision) for group in _by_medicine(mentions) if (decision := decide(group))]
    surroundings = Surroundings(_drugs_of(mentions), turns)
    given = [decision for _, decision in decided if decision.commitment not in ("declined", "historical")]
    return [
        _item(group, decision, surroundings, turns)
        for group, decision in decided
        if not _is_named_closer(decision, given)
    ]


def read_medications_named(heard: Heard, names: Collection[str], known: Collection[str]) -> list[dict[str, Any]]:
    """Of the medicines with these canonical names alone: name, commitment and first quote of each item.

    A class is left out where one of its medicines is among the `known` ones.
    """
    if not names:
        return []
    mentions, drugs = read_mentions_of(heard, names)
    surroundings = Surroundings(drugs, heard.turns)
    decided = [
        decision
        for group in _by_medicine(mentions)
        if (decision := decide(group)) and decision.commitment not in ("declined", "historical")
    ]
    return [
        _named(decision, surroundings, heard.turns)
        for decision in decided
        if not (_is_named_closer(decision, decided) or _is_class_of(decision.by.drug, known))
    ]


def _named(decision: Decision, surroundings: Surroundings, turns: Sequence[SpokenTurn]) -> dict[str, Any]:
    index, start, end = first_quote(decision, surroundings)
    return {
        "medication_name": decision.by.drug.name,
        "commitment": decision.commitment,
        "evidence": [{"turn": turns[index].number, "quote": turns[index].text[start:end]}],
    }


def _is_class_of(drug: Drug, known: Collection[str]) -> bool:
    return drug.kind == "class" and any(map(members(drug.canonical).fullmatch, known))


def _is_named_closer(decision: Decision, given: Sequence[Decision]) -> bool:
    """Whether an item of a class ("some pain medicine") is told again, with its name, by that of a medicine."""
    drug = decision.by.drug
    if drug.kind != "class":
        return False
    medicines = [other for other in given if other.by.drug.kind == "medicine"]
    closer = [other for other in medicines if members(drug.canonical).fullmatch(other.by.drug.canonical)]
    return any(other.status == decision.status or decision.commitment == "continuing" for other in closer)


def _drugs_of(mentions: Sequence[Mention]) -> dict[int, list[Drug]]:
    drugs: dict[int, list[Drug]] = {}
    for mention in mentions:
        drugs.setdefault(mention.index, []).append(mention.drug)
    return drugs


def _by_medicine(mentions: Sequence[Mention]) -> list[list[Mention]]:
    groups: dict[str, list[Mention]] = {}
    for mention in mentions:
        groups.setdefault(mention.drug.canonical, []).append(mention)
    return list(groups.values())


def _item(
    group: list[Mention], decision: Decision, surroundings: Surroundings, turns: Sequence[SpokenTurn]
) -> dict[str, Any]:
    values = read_values(group, decision, surroundings)
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
        "evidence": _evidence(values, decision.by, turns),
    }


def _evidence(values: Values, by: Mention, turns: Sequence[SpokenTurn]) -> list[dict[str, Any]]:
    quoted = list(dict.fromkeys([*values.quoted, *([by.settled] if by.settled else [])]))
    return [{"turn": turns[index].number, "quote": turns[index].text[start:end]} for index, start, end in quoted]

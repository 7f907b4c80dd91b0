"""Tells how well the omission radar notices that one order is missing from an answer that is otherwise complete."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.extraction.matching import token_f1
from app.extraction.possibly_missed import possibly_missed
from app.extraction.second_reader import listen
from app.jobs.evaluation.labelled import Item, LabelledVisit
from app.language.clauses import split_clauses
from app.language.turns import split_turns


@dataclass(frozen=True, slots=True)
class Omission:
    """One labelled order left out: whether one of its turns was listed, and how many turns were listed in all."""

    order: Item
    noticed: bool
    turns_listed: int


def leave_each_out(visit: LabelledVisit) -> list[Omission]:
    """One trial per labelled order: the answer is made of the visit's other labelled orders and nothing else.

    Each order cites, in each of its turns, the clause that is most like its description. An order counts as noticed
    when a listed quote lies in one of its turns.
    """
    turns = split_turns(visit.transcript)
    heard = listen(visit.transcript, turns)
    orders = visit.orders or []
    items = [_as_item(visit, order) for order in orders]
    trials = []
    for place, order in enumerate(orders):
        listed = possibly_missed(turns, items[:place] + items[place + 1 :], heard)
        trials.append(Omission(order, _is_noticed(visit, order, listed), len({entry["turn"] for entry in listed})))
    return trials


def _as_item(visit: LabelledVisit, order: Item) -> Item:
    return {
        "description": order["description"],
        "evidence": [_clause_cited(visit, turn, order["description"]) for turn in order["provenance"]],
    }


def _clause_cited(visit: LabelledVisit, turn: int, description: str) -> Item:
    start, end = visit.turn_spans[turn]
    text = visit.transcript[start:end]
    clause = max(split_clauses(text), key=lambda clause: token_f1(description, text[clause.start : clause.end]))
    return {"start": start + clause.start, "end": start + clause.end}


def _is_noticed(visit: LabelledVisit, order: Item, listed: Sequence[Item]) -> bool:
    spans = [visit.turn_spans[turn] for turn in order["provenance"]]
    return any(entry["start"] < end and start < entry["end"] for entry in listed for start, end in spans)

"""The rules engine as a second reader of the visit, whatever model was the first."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from app.extraction.accounted import Accounted
from app.extraction.weighty_clauses import WeightyClause, unweighed
from app.findings import ACTION_CATEGORIES
from app.language.turns import Turn, split_turns
from app.llm.offline.hearing import Heard, hear
from app.llm.offline.parts import read_parts
from app.llm.offline.reader import read_heard
from app.llm.offline.visit import SpokenTurn

# The rules' orders weigh more than their advice, of which every visit holds some that nobody lists.
_READ_AS = {
    "medication_instructions": "order_read",
    "clinician_todos": "order_read",
    "follow_up_tasks": "order_read",
    "patient_reminders": "advice_read",
}


def listen(text: str, turns: Sequence[Turn]) -> Heard:
    """Hears the transcript itself, not the prompt: all that can be told of it before the findings are known."""
    heard = hear([SpokenTurn(turn.number, turn.speaker, turn.role, text[turn.start : turn.end]) for turn in turns])
    heard.look_for_names()
    return heard


def read_rest(
    heard: Heard, turns: Sequence[Turn], clauses: Sequence[WeightyClause], accounted: Accounted
) -> list[WeightyClause]:
    """Those of the clauses in which something weighs, and others in which the rules read an order.

    Only the turns of the clauses are read, each with what is said around it; what is read there and no finding names
    is added to the reasons of its clauses, as "order_read" or "advice_read".
    """
    if not clauses:
        return []
    names = frozenset().union(*(clause.drugs for clause in clauses))
    answer = read_parts(heard, [clause.said for clause in clauses], names, accounted.terms)
    known = {(clause.index, clause.said.start): clause for clause in clauses}
    for index, quotes in _first_quotes(answer, heard, accounted).items():
        for said in heard.said_in(index):
            read_as = {kind for start, end, kind in quotes if start <= said.start and said.end <= end}
            if read_as:
                clause = known.setdefault((index, said.start), unweighed(said, turns[index], accounted))
                clause.add_what_is_read("order_read" if "order_read" in read_as else "advice_read")
    return [clause for clause in known.values() if clause.reasons]


def _first_quotes(answer: dict[str, Any], heard: Heard, accounted: Accounted) -> dict[int, list[tuple[int, int, str]]]:
    """By index of its turn, the first quote of each item that no finding names: start, end, and what it is read as."""
    quoted: defaultdict[int, list[tuple[int, int, str]]] = defaultdict(list)
    for category in ACTION_CATEGORIES:
        for item in answer[category]:
            if item["commitment"] not in ("declined", "historical") and not accounted.names(item):
                index, quote = item["evidence"][0]["turn"] - 1, item["evidence"][0]["quote"]
                start = heard.turns[index].text.find(quote)
                quoted[index].append((start, start + len(quote), _READ_AS[category]))
    return quoted


def read_again(text: str, turns: Sequence[Turn]) -> dict[str, Any]:
    """All that the rules find in the transcript, in the shape of a model's raw answer."""
    return read_heard(listen(text, turns), [])


def load() -> None:
    """Reads the dictionaries now instead of within the first request. Blocking, about a third of a second."""
    visit = "Doctor: I want you to take ibuprofen for a week, and we will get an x-ray."
    read_again(visit, split_turns(visit))

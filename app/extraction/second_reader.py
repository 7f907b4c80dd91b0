"""The rules engine as a second reader of the visit, whatever model was the first."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import Any

from app.extraction.accounted import Accounted
from app.extraction.weighty_clauses import WeightyClause, unweighed
from app.findings import ACTION_CATEGORIES
from app.language.turns import Turn, split_turns
from app.llm.offline.clauses_said import Said
from app.llm.offline.hearing import Heard
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
    heard = Heard([SpokenTurn(turn.number, turn.speaker, turn.role, text[turn.start : turn.end]) for turn in turns])
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
    for said, read_as in _told(answer, heard, accounted):
        index = said.at[0]
        clause = known.setdefault((index, said.start), unweighed(said, turns[index], accounted))
        clause.add_what_is_read(read_as)
    return [clause for clause in known.values() if clause.reasons]


def _told(answer: dict[str, Any], heard: Heard, accounted: Accounted) -> list[tuple[Said, str]]:
    """The clauses within the first quote of an item that no finding names, and what they are read as."""
    told: dict[tuple[int, int], tuple[Said, str]] = {}
    for category in ACTION_CATEGORIES:
        for item in answer[category]:
            if item["commitment"] not in ("declined", "historical") and not accounted.names(item):
                for said in _within(item["evidence"][0], heard):
                    if told.get(said.at, (said, "advice_read"))[1] == "advice_read":
                        told[said.at] = said, _READ_AS[category]
    return list(told.values())


def _within(quote: dict[str, Any], heard: Heard) -> Iterator[Said]:
    index, words = quote["turn"] - 1, quote["quote"]
    clauses, start = heard.said_in(index), heard.turns[index].text.find(words)
    first = bisect_left(clauses, start, key=lambda said: said.start)
    return takewhile(lambda said: said.end <= start + len(words), islice(clauses, first, None))


def read_again(text: str, turns: Sequence[Turn]) -> dict[str, Any]:
    """All that the rules find in the transcript, in the shape of a model's raw answer."""
    return read_heard(listen(text, turns), [])


def load() -> None:
    """Reads the dictionaries now instead of within the first request. Blocking, about a third of a second."""
    visit = "Doctor: I want you to take ibuprofen for a week, and we will get an x-ray."
    read_again(visit, split_turns(visit))

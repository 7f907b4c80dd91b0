"""The rules engine as a second reader of the visit, whatever model was the first."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from app.extraction.weighty_clauses import WeightyClause, weighty_clauses
from app.language.turns import Turn, split_turns
from app.llm.offline.hearing import hear
from app.llm.offline.reader import read_heard
from app.llm.offline.visit import SpokenTurn


class SecondReading(NamedTuple):
    """What the rules made of a visit, in the shape of a model's raw answer, and its clauses.

    `spans`: of every clause, in order, its turn's number and where in the transcript it starts and ends.
    """

    answer: dict[str, Any]
    weighty: list[WeightyClause]
    spans: list[tuple[int, int, int]]


def read_again(text: str, turns: Sequence[Turn]) -> SecondReading:
    """Reads the transcript itself, not the prompt."""
    spoken = [SpokenTurn(turn.number, turn.speaker, turn.role, text[turn.start : turn.end]) for turn in turns]
    heard = hear(spoken)
    answer = read_heard(heard, [])
    spans = [
        (turn.number, turn.start + said.start, turn.start + said.start + len(said.text))
        for turn, clauses in zip(turns, heard.clauses_of, strict=True)
        for said in clauses
    ]
    return SecondReading(answer, weighty_clauses(heard.clauses, answer), spans)


def load() -> None:
    """Reads the dictionaries now instead of within the first request. Blocking, about a third of a second."""
    visit = "Doctor: I want you to take ibuprofen for a week, and we will get an x-ray."
    read_again(visit, split_turns(visit))

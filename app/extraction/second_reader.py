"""The rules engine as a second reader of the visit, whatever model was the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.language.turns import Turn, split_turns
from app.llm.offline.clauses_said import Said
from app.llm.offline.hearing import hear
from app.llm.offline.reader import read_heard
from app.llm.offline.visit import SpokenTurn


@dataclass(frozen=True, slots=True)
class SecondReading:
    """The visit's clauses, and what the rules made of them, in the shape of a model's raw answer."""

    clauses: list[Said]
    answer: dict[str, Any]


def read_again(text: str, turns: Sequence[Turn]) -> SecondReading:
    """Reads the transcript itself, not the prompt: offsets in the clauses count from their turn's start in `text`."""
    spoken = [SpokenTurn(turn.number, turn.speaker, turn.role, text[turn.start : turn.end]) for turn in turns]
    heard = hear(spoken)
    return SecondReading(heard.clauses, read_heard(heard, []))


def load() -> None:
    """Reads the dictionaries now instead of within the first request. Blocking, about a third of a second."""
    visit = "Doctor: I want you to take ibuprofen for a week, and we will get an x-ray."
    read_again(visit, split_turns(visit))

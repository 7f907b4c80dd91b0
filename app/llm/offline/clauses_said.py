"""The visit cut into clauses as the rules read them: who speaks, whether it asks, and which problem it is about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.language.clauses import split_clauses
from app.language.dues import find_dues
from app.language.numbers import find_numbers, is_correction
from app.language.plain import plain
from app.llm.offline.reactions import tells_reaction
from app.llm.offline.speakers import inferred_roles
from app.llm.offline.topics import first_problem, topic_of
from app.llm.offline.visit import SpokenTurn

_QUESTION = re.compile(
    r"^(?:(?:and|so|but|now|okay|ok|um|uh|alright|well),? )*"
    r"(?:(?:do|does|did|have|has|had|are|is|was|were)(?: n't)? (?:you|your|it|that|there|this|the|he|she|they|i|any)"
    r"|(?:when|where|why|who|how|what|which)(?:'s|'re|'d)?(?: n't)?"
    r" (?:is|are|was|were|did|do|does|have|has|had|about|much|many|long|often|other|kind|would|will|can|else|ever)"
    r"|any (?:other|of|much))\b(?! (?:we|do n't))"
)


_OPENING_TURNS = 12
_FAR = 600


@dataclass(frozen=True, slots=True)
class Said:
    """One clause: `text` is the slice of its turn at `start`, `words` the same spelt plainly, `at` its place in all.

    `topic` is the problem under discussion, in the speaker's words.
    """

    at: int
    turn: int
    start: int
    text: str
    words: str
    by_clinician: bool
    asks: bool
    topic: str | None

    def quote(self) -> dict[str, Any]:
        """This clause as evidence, in the answer's shape."""
        return {"turn": self.turn, "quote": self.text}

    def due(self, *, bare: bool = False) -> str | None:
        """The first time named as due, as said, or the one that corrects it; `bare`: as `find_dues` takes it.

        None where only a bare number corrects it ("in four weeks , no , make it two").
        """
        due = next(iter(find_dues(self.text, bare=bare)), None)
        for other in find_dues(self.text, bare=True) if due else []:
            if due and other.start > due.end and is_correction(self.text, due.end, other.start):
                due = other
        if due and any(is_correction(self.text, due.end, number.start) for number in find_numbers(self.text[:_FAR])):
            return None
        return self.text[due.start : due.end] if due else None


def cut_visit(turns: Sequence[SpokenTurn]) -> list[Said]:
    """All clauses of a visit in order."""
    said: list[Said] = []
    topic = _complaint(turns)
    for turn, role in zip(turns, inferred_roles(turns), strict=True):
        by_clinician = role in ("clinician", None)
        for clause in split_clauses(turn.text):
            text = turn.text[clause.start : clause.end]
            words = plain(text)
            topic = (topic_of(words) or topic) if by_clinician else topic
            said.append(Said(len(said), turn.number, clause.start, text, words, by_clinician, _asks(words), topic))
    return said


def _complaint(turns: Sequence[SpokenTurn]) -> str | None:
    """The problem named first in the visit's opening: what it is about until the clinician says."""
    before = ""
    for turn in turns[:_OPENING_TURNS]:
        words = plain(turn.text[:600])
        problem = None if tells_reaction(words, before) else first_problem(words)
        if problem:
            return problem
        before = words
    return None


def _asks(words: str) -> bool:
    return words.endswith("?") or bool(_QUESTION.match(words))

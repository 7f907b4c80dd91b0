"""The visit cut into clauses as the rules read them: who speaks, whether it asks, and which problem it is about."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.language.clauses import Clause
from app.language.dues import find_dues
from app.language.numbers import find_numbers, is_correction
from app.language.procedures import Procedure, find_procedures, procedure_names
from app.language.sieve import Cue
from app.language.turns import Role
from app.llm.offline.phrase_lists import CUES
from app.llm.offline.reactions import tells_reaction
from app.llm.offline.topics import first_problem, topic_of
from app.llm.offline.visit import SpokenTurn

_QUESTION = CUES.add(
    re.compile(
        r"^(?:(?:and|so|but|now|okay|ok|um|uh|alright|well),? )*"
        r"(?:(?:do|does|did|have|has|had|are|is|was|were)(?: n't)?"
        r" (?:you|your|it|that|there|this|the|he|she|they|i|any)"
        r"|(?:when|where|why|who|how|what|which)(?:'s|'re|'d)?(?: n't)?"
        r" (?:is|are|was|were|did|do|does|have|has|had|about|much|many|long|often|other|kind|would|will|can|else|ever)"
        r"|any (?:other|of|much))\b(?! (?:we|do n't))"
    )
)
_NAMES_A_PROCEDURE = CUES.add_words(procedure_names())

_OPENING_TURNS = 12
_FAR = 600


@dataclass(slots=True)
class Said:
    """One clause: `text` is the slice of its turn at `start`, `words` the same spelt plainly, `at` its place in all.

    `marks` tell which of `CUES` its words may hold, `topic` is the problem under discussion, in the speaker's words.
    """

    at: int
    turn: int
    start: int
    text: str
    words: str
    marks: int
    by_clinician: bool
    asks: bool
    topic: str | None

    @property
    def end(self) -> int:
        """Where it ends in its turn."""
        return self.start + len(self.text)

    def find(self, cue: Cue) -> re.Match[str] | None:
        """The first place of a cue in the words."""
        return cue.pattern.search(self.words) if self.marks & cue.bit else None

    def procedures(self) -> list[Procedure]:
        """The tests, procedures and referrals named in the words."""
        return find_procedures(self.words) if self.marks & _NAMES_A_PROCEDURE else []

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


class Spoken(NamedTuple):
    """A turn with its plain words, who speaks it, and where its clauses stand."""

    turn: SpokenTurn
    words: str
    role: Role | None
    clauses: list[Clause]


def said_in(turns: Sequence[Spoken], marks: Iterator[int]) -> list[list[Said]]:
    """The clauses of each turn; `marks` are those of all clauses in order."""
    said: list[list[Said]] = []
    at, topic = 0, _complaint([spoken.words for spoken in turns])
    for turn, spoken, role, clauses in turns:
        by_clinician = role in ("clinician", None)
        of_turn: list[Said] = []
        for clause in clauses:
            words, known = spoken[clause.start : clause.end], next(marks)
            topic = (topic_of(words, known) or topic) if by_clinician else topic
            text, asks = turn.text[clause.start : clause.end], is_question(words, known)
            of_turn.append(Said(at, turn.number, clause.start, text, words, known, by_clinician, asks, topic))
            at += 1
        said.append(of_turn)
    return said


def _complaint(words: Sequence[str]) -> str | None:
    """The problem named first in the visit's opening: what it is about until the clinician says."""
    before = ""
    for spoken in words[:_OPENING_TURNS]:
        opening = spoken[:600]
        problem = None if tells_reaction(opening, before) else first_problem(opening)
        if problem:
            return problem
        before = opening
    return None


def is_question(words: str, marks: int) -> bool:
    """Whether a plain clause with these marks asks something."""
    return words.endswith("?") or _QUESTION.match(words, marks) is not None

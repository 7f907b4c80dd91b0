"""The visit cut into clauses as the rules read them: who speaks, whether it asks, and which problem it is about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.language.dues import find_dues
from app.language.numbers import find_numbers, is_correction
from app.language.procedures import Procedure, procedure_names, procedures_at
from app.language.sieve import Cue
from app.llm.offline.phrase_lists import CUES
from app.llm.offline.reactions import tells_reaction
from app.llm.offline.topics import first_problem, topic_of

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
NAMES_A_PROCEDURE = CUES.add_words(procedure_names(), only_first=True)

_OPENING_TURNS = 12
_FAR = 600
# "uh2"
_SHORTEST_CORRECTION = 3


@dataclass(slots=True)
class Said:
    """One clause: `text` is the slice of its turn at `start`, `words` the same spelt plainly.

    `at`: the index of its turn, and its place in that; `signs`: the marks of a first look; `names`: where in the words
    procedures are named; `topic` is the problem under discussion, in the speaker's words.
    """

    at: tuple[int, int]
    turn: int
    start: int
    text: str
    words: str
    by_clinician: bool
    signs: int
    names: Sequence[tuple[int, int]]
    topic: str | None = None
    _marks: int | None = None
    _asks: bool | None = None

    @property
    def marks(self) -> int:
        """Which of `CUES` its words may hold."""
        if self._marks is None:
            self._marks = CUES.marks(self.words)
        return self._marks

    def mark(self, marks: int) -> None:
        """Notes the marks, where they are known from a scan of the whole visit."""
        self._marks = marks

    @property
    def asks(self) -> bool:
        """Whether it is a question."""
        if self._asks is None:
            marks = _QUESTION.bit if self._marks is None else self._marks
            self._asks = self.words.endswith("?") or _QUESTION.match(self.words, marks) is not None
        return self._asks

    @property
    def end(self) -> int:
        """Where it ends in its turn."""
        return self.start + len(self.text)

    def find(self, cue: Cue) -> re.Match[str] | None:
        """The first place of a cue in the words."""
        marks = self.signs if cue.bit & CUES.first_bits else self.marks
        return cue.pattern.search(self.words) if marks & cue.bit else None

    def procedures(self) -> list[Procedure]:
        """The tests, procedures and referrals named in the words."""
        return procedures_at(self.words, self.names) if self.names else []

    def quote(self) -> dict[str, Any]:
        """This clause as evidence, in the answer's shape."""
        return {"turn": self.turn, "quote": self.text}

    def due(self, *, bare: bool = False) -> str | None:
        """The first time named as due, as said, or the one that corrects it; `bare`: as `find_dues` takes it.

        None where only a bare number corrects it ("in four weeks , no , make it two").
        """
        dues = find_dues(self.text, bare=bare)
        if not dues:
            return None
        due = dues[0]
        if len(self.text) - due.end >= _SHORTEST_CORRECTION:
            for other in dues if bare else find_dues(self.text, bare=True):
                if other.start > due.end and is_correction(self.text, due.end, other.start):
                    due = other
            if any(is_correction(self.text, due.end, number.start) for number in find_numbers(self.text[:_FAR])):
                return None
        return self.text[due.start : due.end]


def tell_topics(clauses_of: Sequence[Sequence[Said]], words: Sequence[str]) -> None:
    """Notes what each clause is about, turn by turn; `words` are the turns in plain words."""
    topic = _complaint(words)
    for clauses in clauses_of:
        for said in clauses:
            topic = (topic_of(said.words, said.marks) or topic) if said.by_clinician else topic
            said.topic = topic


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

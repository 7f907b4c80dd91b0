"""The visit cut into clauses as the rules read them: who speaks, whether it asks, and which problem it is about."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.language.clauses import split_clauses
from app.language.plain import plain
from app.llm.offline.topics import topic_of
from app.llm.offline.visit import SpokenTurn

# Labels are wrong in places: these words are a clinician's whoever is said to speak.
_CLINICIAN_VOICE = re.compile(
    r"\b(?:i'm (?:gon ?na|going to) (?:order|prescribe|refer|send you|put you on|examine|start you|give you a prescription)"
    r"|i (?:want|'d like|would like) you to|i wan ?na (?:see you|order|refer|get you)|let me (?:examine|take a (?:look|listen))"
    r"|on (?:your )?(?:physical )?exam|my assessment|for your (?:first|second|third|next) problem|hey,? dragon"
    r"|i'll see you (?:back|again|in)|we'll (?:see you|have you|get you|order)|any questions for me)\b"
)
_PATIENT_VOICE = re.compile(r"\b(?:my (?:doctor|wife|husband|mom|mum|job|knee|back|chest|stomach)|i've been (?:having|feeling|taking))\b")
_QUESTION = re.compile(
    r"^(?:(?:and|so|but|now|okay|ok|um|uh|alright|well),? )*"
    r"(?:do|does|did|have|has|had|are|is|was|were|when|where|why|who|how|any|what)(?: n't)? "
    r"(?:you|your|it|that|there|this|the|he|she|they|i|much|many|long|often|about|other|any|is|are|did|do|was)\b(?! (?:we|do n't))"
)


@dataclass(frozen=True, slots=True)
class Said:
    """One clause: `text` is an exact slice of its turn, `words` the same spelt plainly, `at` its place in the visit.

    `topic` is the problem under discussion, in the speaker's words.
    """

    at: int
    turn: int
    text: str
    words: str
    by_clinician: bool
    asks: bool
    topic: str | None

    def quote(self) -> dict[str, Any]:
        """This clause as evidence, in the answer's shape."""
        return {"turn": self.turn, "quote": self.text}


def cut_visit(turns: Sequence[SpokenTurn]) -> list[Said]:
    """All clauses of a visit in order."""
    said: list[Said] = []
    topic: str | None = None
    for turn in turns:
        by_clinician = _by_clinician(turn)
        for text in _clause_texts(turn.text):
            words = plain(text)
            topic = topic_of(words) or topic if by_clinician else topic
            said.append(Said(len(said), turn.number, text, words, by_clinician, _asks(words), topic))
    return said


def _clause_texts(text: str) -> Iterator[str]:
    return (text[clause.start : clause.end] for clause in split_clauses(text))


def _by_clinician(turn: SpokenTurn) -> bool:
    words = plain(turn.text)
    if turn.role == "patient" or turn.role == "other":
        return bool(_CLINICIAN_VOICE.search(words))
    return turn.role == "clinician" or not _PATIENT_VOICE.search(words)


def _asks(words: str) -> bool:
    return words.endswith("?") or bool(_QUESTION.match(words))

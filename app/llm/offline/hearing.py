"""A visit as all rules share it: its turns in plain words, who speaks each, and the clauses that they are cut into."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from app.language.clauses import split_clauses
from app.language.drugs import may_name_drugs
from app.language.plain import plain
from app.language.turns import Role
from app.llm.offline.clauses_said import Said, Spoken, said_in
from app.llm.offline.phrase_lists import CUES
from app.llm.offline.speakers import inferred_roles
from app.llm.offline.visit import SpokenTurn


@dataclass(frozen=True, slots=True)
class Heard:
    """`words[i]`, plain, with their `marks[i]` (see `CUES`), the role and the clauses of `turns[i]`, each read once.

    `names_drugs[i]`: whether the turn may name a drug.
    """

    turns: Sequence[SpokenTurn]
    words: list[str]
    marks: list[int]
    names_drugs: list[bool]
    roles: list[Role | None]
    clauses_of: list[list[Said]]

    @property
    def clauses(self) -> list[Said]:
        """All clauses in order."""
        return [said for clauses in self.clauses_of for said in clauses]


def hear(turns: Sequence[SpokenTurn]) -> Heard:
    """Reads what every rule needs of a visit, and scans its words once."""
    words = [plain(turn.text) for turn in turns]
    visit = "\n".join(words)
    starts = list(accumulate((len(spoken) + 1 for spoken in words), initial=0))
    spans = [(start, start + len(spoken)) for start, spoken in zip(starts, words, strict=False)]
    cut = [split_clauses(spoken) for spoken in words]
    clauses = [
        (start + clause.start, start + clause.end)
        for (start, _), of_turn in zip(spans, cut, strict=True)
        for clause in of_turn
    ]
    marks, marks_of_clauses = CUES.marks_within(visit, spans, clauses)
    names_drugs, roles = may_name_drugs(visit, spans), inferred_roles(turns, words, marks)
    spoken_turns = map(Spoken, turns, words, roles, names_drugs, cut)
    return Heard(turns, words, marks, names_drugs, roles, said_in(list(spoken_turns), iter(marks_of_clauses)))

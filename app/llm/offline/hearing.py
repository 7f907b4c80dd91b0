"""A visit as all rules share it: its turns in plain words, who speaks each, and the clauses that they are cut into."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.language.plain import plain
from app.language.turns import Role
from app.llm.offline.clauses_said import Said, cut_turns
from app.llm.offline.phrase_lists import CUES
from app.llm.offline.speakers import inferred_roles
from app.llm.offline.visit import SpokenTurn


@dataclass(frozen=True, slots=True)
class Heard:
    """`words[i]`, plain, with their `marks[i]` (see `CUES`), the role and the clauses of `turns[i]`, each read once."""

    turns: Sequence[SpokenTurn]
    words: list[str]
    marks: list[int]
    roles: list[Role | None]
    clauses_of: list[list[Said]]

    @property
    def clauses(self) -> list[Said]:
        """All clauses in order."""
        return [said for clauses in self.clauses_of for said in clauses]


def hear(turns: Sequence[SpokenTurn]) -> Heard:
    """Reads what every rule needs of a visit."""
    words = [plain(turn.text) for turn in turns]
    marks = [CUES.marks(spoken) for spoken in words]
    roles = inferred_roles(turns, words, marks)
    return Heard(turns, words, marks, roles, cut_turns(turns, words, marks, roles))

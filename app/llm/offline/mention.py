"""One mention of a medicine, as the rules have read it."""

from dataclasses import dataclass

from app.language.drugs import Drug
from app.language.turns import Role
from app.llm.offline.medication_phrases import Act


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention: `index` of its turn in the list, the drug, who speaks, what is done with it, by which phrase.

    `dosed`: a dose or rhythm follows at once. `settled`: index of the turn, start and end of the clause that settled it
    without naming it.
    """

    index: int
    drug: Drug
    role: Role | None
    act: Act | None
    cue: str = ""
    dosed: bool = False
    settled: tuple[int, int, int] | None = None

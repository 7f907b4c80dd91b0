"""A visit as all rules share it: its turns in plain words, who speaks each, and the clauses that they are cut into."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from app.language.clauses import Clause, split_clauses
from app.language.drugs import find_drugs, may_name_drugs
from app.language.plain import plain
from app.language.procedures import find_procedures
from app.llm.offline.clauses_said import Said, Spoken, is_question, said_in
from app.llm.offline.phrase_lists import CUES
from app.llm.offline.speakers import inferred_roles
from app.llm.offline.visit import SpokenTurn


class Named(NamedTuple):
    """A name that stands at `start` of its turn, and the usual name of what it means."""

    start: int
    name: str


class Heard:
    """`words[i]`, plain, `marks[i]` (see `CUES`) and `roles[i]` of `turns[i]`; all words, `visit`, are scanned once.

    What not every reader needs is found when it is first asked for.
    """

    def __init__(self, turns: Sequence[SpokenTurn]) -> None:
        self.turns = turns
        self.words = [plain(turn.text) for turn in turns]
        self.visit = "\n".join(self.words)
        starts = list(accumulate((len(spoken) + 1 for spoken in self.words), initial=0))
        self.spans = [(start, start + len(spoken)) for start, spoken in zip(starts, self.words, strict=False)]
        self.places = CUES.places(self.visit)
        self.marks = CUES.marks_within(self.places, self.spans)
        self.roles = inferred_roles(turns, self.words, self.marks)
        self._cut: dict[int, list[Clause]] = {}

    @cached_property
    def names_drugs(self) -> list[bool]:
        """Whether each turn may name a drug."""
        return may_name_drugs(self.visit, self.spans)

    def look_for_names(self) -> None:
        """Finds `drugs_of` and `procedures_of` now instead of later."""
        self.drugs_of, self.procedures_of  # noqa: B018

    @cached_property
    def drugs_of(self) -> list[list[Named]]:
        """The drugs that each turn names, told from one look at the whole visit."""
        return self._by_turn((drug.start, drug.canonical) for drug in find_drugs(self.visit))

    @cached_property
    def procedures_of(self) -> list[list[Named]]:
        """The tests, procedures and referrals that each turn names."""
        return self._by_turn((procedure.start, procedure.name) for procedure in find_procedures(self.visit))

    @cached_property
    def clauses_of(self) -> list[list[Said]]:
        """The clauses of each turn, with what is under discussion in each."""
        cut = [self.cut(index) for index in range(len(self.turns))]
        stretches = [
            (start + clause.start, start + clause.end)
            for (start, _), of_turn in zip(self.spans, cut, strict=True)
            for clause in of_turn
        ]
        spoken = map(Spoken, self.turns, self.words, self.roles, cut)
        return said_in(list(spoken), iter(CUES.marks_within(self.places, stretches)))

    @property
    def clauses(self) -> list[Said]:
        """All clauses in order."""
        return [said for clauses in self.clauses_of for said in clauses]

    def _by_turn(self, named: Iterable[tuple[int, str]]) -> list[list[Named]]:
        by_turn: list[list[Named]] = [[] for _ in self.turns]
        for at, name in named:
            index = bisect_right(self.spans, at, key=lambda span: span[0]) - 1
            by_turn[index].append(Named(at - self.spans[index][0], name))
        return by_turn

    def cut(self, index: int) -> list[Clause]:
        """Where the clauses of a turn stand in it."""
        if index not in self._cut:
            self._cut[index] = split_clauses(self.words[index])
        return self._cut[index]

    def said_in(self, index: int) -> list[Said]:
        """The clauses of a turn on its own: what is under discussion is not told of them, nor their place in all."""
        turn, words, by_clinician = self.turns[index], self.words[index], self.roles[index] in ("clinician", None)
        return [
            Said(
                place,
                turn.number,
                clause.start,
                turn.text[clause.start : clause.end],
                words[clause.start : clause.end],
                marks,
                by_clinician,
                is_question(words[clause.start : clause.end], marks),
                None,
            )
            for place, (clause, marks) in enumerate(zip(self.cut(index), self.marks_in(index), strict=True))
        ]

    def marks_in(self, index: int) -> list[int]:
        """The marks of each clause of a turn."""
        start, end = self.spans[index]
        stretches = [(start + clause.start, start + clause.end) for clause in self.cut(index)]
        first = bisect_left(self.places, start, key=lambda place: place[2])
        last = bisect_left(self.places, end + 1, lo=first, key=lambda place: place[2])
        return CUES.marks_within(self.places[first:last], stretches)


def hear(turns: Sequence[SpokenTurn]) -> Heard:
    """Reads what every rule needs of a visit, and scans its words once."""
    return Heard(turns)

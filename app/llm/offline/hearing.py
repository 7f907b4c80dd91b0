"""A visit as all rules share it: its turns in plain words, who speaks each, and the clauses that they are cut into."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from app.language.clauses import Clause, split_clauses
from app.language.drugs import find_drugs, may_name_drugs
from app.language.plain import plain
from app.language.procedures import find_procedures
from app.language.sieve import places_within
from app.llm.offline.clauses_said import Said, tell_topics
from app.llm.offline.phrase_lists import CUES
from app.llm.offline.speakers import inferred_roles
from app.llm.offline.visit import SpokenTurn


class Named(NamedTuple):
    """A name that stands at `start` of its turn, and the usual name of what it means."""

    start: int
    name: str


class Heard:
    """Of `turns[i]` the plain `words[i]`, `marks[i]` (see `CUES`) and `roles[i]`; all words, `visit`, are scanned once.

    What not every reader needs is found when it is first asked for.
    """

    def __init__(self, turns: Sequence[SpokenTurn]) -> None:
        self.turns = turns
        self.words = [plain(turn.text) for turn in turns]
        self.visit = "\n".join(self.words)
        starts = list(accumulate((len(spoken) + 1 for spoken in self.words), initial=0))
        self.spans = [(start, start + len(spoken)) for start, spoken in zip(starts, self.words, strict=False)]
        self.places_of = places_within(CUES.places(self.visit), self.spans)
        self.marks = [CUES.marks_of(places) for places in self.places_of]
        self.roles = inferred_roles(turns, self.words, self.marks)
        self._cut: dict[int, list[Clause]] = {}
        self._said: dict[int, list[Said]] = {}

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
        """The clauses of each turn, which know what is under discussion."""
        clauses_of = [self.said_in(index) for index in range(len(self.turns))]
        tell_topics(clauses_of, self.words)
        return clauses_of

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
        """The clauses of a turn."""
        if index not in self._said:
            self._said[index] = self._read_turn(index)
        return self._said[index]

    def _read_turn(self, index: int) -> list[Said]:
        number, text, words = self.turns[index].number, self.turns[index].text, self.words[index]
        by_clinician, shift = self.roles[index] in ("clinician", None), self.spans[index][0]
        cut = self.cut(index)
        within = places_within(self.places_of[index], [(shift + part.start, shift + part.end) for part in cut])
        return [
            Said(
                (index, place),
                number,
                part.start,
                text[part.start : part.end],
                words[part.start : part.end],
                CUES.marks_of(places),
                by_clinician,
            )
            for place, (part, places) in enumerate(zip(cut, within, strict=True))
        ]


def hear(turns: Sequence[SpokenTurn]) -> Heard:
    """Reads what every rule needs of a visit, and scans its words once."""
    return Heard(turns)

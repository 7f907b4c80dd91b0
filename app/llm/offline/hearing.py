"""A visit as all rules share it: its turns in plain words, who speaks each, and the clauses that they are cut into."""

from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

from app.language.clauses import Clause, clauses_in
from app.language.drug_lexicon import lexicon
from app.language.drugs import Drug, drugs_at, may_name_drugs
from app.language.plain import plain
from app.language.procedures import procedures_at
from app.language.sieve import Place, places_within
from app.llm.offline.clauses_said import NAMES_A_PROCEDURE, Said, tell_topics
from app.llm.offline.phrase_lists import CUES
from app.llm.offline.speakers import inferred_roles
from app.llm.offline.visit import SpokenTurn

MAY_NAME_A_DRUG = CUES.add_words(lambda: lexicon().scanned, only_first=True)


class Heard:
    """Of `turns[i]` the plain `words[i]`, `signs[i]` and `roles[i]`, from one scan of all words, the `visit`.

    `signs` are the marks that a first look gives (see `CUES`), with their places in the visit in `signs_of[i]`.
    What not every reader needs is found when it is first asked for.
    """

    def __init__(self, turns: Sequence[SpokenTurn]) -> None:
        self.turns = turns
        self.words = [plain(turn.text) for turn in turns]
        self.visit = "\n".join(self.words)
        self._starts = list(accumulate((len(spoken) + 1 for spoken in self.words), initial=0))
        self.spans = [(start, start + len(spoken)) for start, spoken in zip(self._starts, self.words, strict=False)]
        self._signs = CUES.first.places(self.visit)
        self.signs_of = places_within(self._signs, self.spans)
        self.signs = [CUES.first.marks_of(places) for places in self.signs_of]
        self.roles = inferred_roles(turns, self.words, self.signs)
        self._cut: dict[int, list[Clause]] = {}
        self._said: dict[int, list[Said]] = {}

    @cached_property
    def marks(self) -> list[int]:
        """What all of `CUES` tell of each turn, for those who read the whole visit."""
        return [CUES.marks_of(places) for places in places_within(self._places, self.spans)]

    @cached_property
    def _places(self) -> list[Place]:
        return CUES.places(self.visit)

    @cached_property
    def names_drugs(self) -> list[bool]:
        """Whether each turn may name a drug."""
        return may_name_drugs(self.visit, self.spans)

    def look_for_names(self) -> None:
        """Finds `drugs_of` and `procedures_of` now instead of later."""
        self.drugs_of, self.procedures_of  # noqa: B018

    @cached_property
    def drugs_of(self) -> dict[int, list[Drug]]:
        """By index of its turn, what is named of drugs, told from one look at the whole visit."""
        drugs_of: dict[int, list[Drug]] = {}
        for drug in drugs_at(self.visit, _with(MAY_NAME_A_DRUG, self._signs)):
            index, start = self._place(drug.start)
            moved = Drug(start, start + drug.end - drug.start, drug.name, drug.canonical, drug.kind)
            drugs_of.setdefault(index, []).append(moved)
        return drugs_of

    @cached_property
    def procedures_of(self) -> dict[int, list[tuple[int, str]]]:
        """The same of tests, procedures and referrals: where the name starts, and the usual name."""
        procedures_of: dict[int, list[tuple[int, str]]] = {}
        for procedure in procedures_at(self.visit, _with(NAMES_A_PROCEDURE, self._signs)):
            index, start = self._place(procedure.start)
            procedures_of.setdefault(index, []).append((start, procedure.name))
        return procedures_of

    def _place(self, at: int) -> tuple[int, int]:
        """The index of the turn that holds a place of the visit, and the place in that turn."""
        index = bisect_right(self._starts, at) - 1
        return index, at - self._starts[index]

    @cached_property
    def clauses_of(self) -> list[list[Said]]:
        """The clauses of each turn, which know what is under discussion."""
        clauses_of = [self.said_in(index) for index in range(len(self.turns))]
        self._mark(clauses_of)
        tell_topics(clauses_of, self.words)
        return clauses_of

    def _mark(self, clauses_of: Sequence[Sequence[Said]]) -> None:
        """One scan of a whole visit takes a tenth of the time of a scan for each clause."""
        every = [said for clauses in clauses_of for said in clauses]
        starts = [self._starts[said.at[0]] + said.start for said in every]
        stretches = [(start, start + len(said.words)) for start, said in zip(starts, every, strict=True)]
        for said, places in zip(every, places_within(self._places, stretches), strict=True):
            said.mark(CUES.marks_of(places))

    def cut(self, index: int) -> list[Clause]:
        """Where the clauses of a turn stand in it."""
        if index not in self._cut:
            self._cut[index] = clauses_in(self.words[index])
        return self._cut[index]

    def said_in(self, index: int) -> list[Said]:
        """The clauses of a turn."""
        if index not in self._said:
            self._said[index] = self._read_turn(index)
        return self._said[index]

    def _read_turn(self, index: int) -> list[Said]:
        number, text, words = self.turns[index].number, self.turns[index].text, self.words[index]
        cut, shift, by_clinician = self.cut(index), self._starts[index], self.roles[index] in ("clinician", None)
        within = places_within(self.signs_of[index], [(shift + start, shift + end) for start, end in cut])
        return [
            Said(
                (index, place),
                number,
                start,
                text[start:end],
                words[start:end],
                by_clinician,
                CUES.first.marks_of(signs),
                _with(NAMES_A_PROCEDURE, signs, shift + start),
            )
            for place, ((start, end), signs) in enumerate(zip(cut, within, strict=True))
        ]


def _with(bit: int, places: Sequence[Place], shift: int = 0) -> list[tuple[int, int]]:
    return [(start - shift, end - shift) for bits, start, end in places if bits & bit]

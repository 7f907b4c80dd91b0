"""The stretch of speech whose values belong to one mention of a medicine, and the words to quote for it."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.language.clauses import Clause, split_clauses
from app.language.doses import STRENGTHS, Dose, find_doses
from app.language.drugs import Drug
from app.language.plain import plain
from app.llm.offline.mention import Mention
from app.llm.offline.tidy import tidy
from app.llm.offline.visit import SpokenTurn

# How far behind the name, in characters, a value still belongs to it.
_REACH = 230
_LONGEST_QUOTE = 400
_OF = re.compile(
    r"\s*(?:(?:tablets?|pills?|capsules?|dose|a day|per day|daily|once a day|twice a day|once daily|twice daily)\s+)?"
    r"(?:of\s+)?(?:the\s+|your\s+|that\s+|this\s+|oral\s+)?"
)


@dataclass(frozen=True, slots=True)
class Scope:
    """`text[start:end]` of the turn at `index`: from the name, or the dose said before it, to the next medicine."""

    index: int
    text: str
    start: int
    name_end: int
    end: int

    @property
    def part(self) -> str:
        return self.text[self.start : self.end]


class Surroundings:
    """The turns of a visit with the medicines named in each, so that a mention's neighbours are found at once."""

    def __init__(self, named: Mapping[int, Sequence[Drug]], turns: Sequence[SpokenTurn]) -> None:
        """`named`: by index of a turn the medicines that it names, in order."""
        self._named, self._turns = named, turns

    def scope(self, mention: Mention) -> Scope:
        """From the mention to the next medicine, less the dose that belongs to that one."""
        text, name, named = self._turns[mention.index].text, mention.drug, self._named[mention.index]
        at = bisect_right(named, name.start, key=lambda drug: drug.start)
        end = min(name.end + _REACH, len(text))
        following = next((drug for drug in named[at:] if drug.start >= end or drug.canonical != name.canonical), None)
        if following and following.start < end:
            claimed = _dose_before(text, name.end, following.start)
            end = claimed.start if claimed else following.start
        claimed = _dose_before(text, named[at - 2].end if at > 1 else 0, name.start)
        return Scope(mention.index, text, claimed.start if claimed else name.start, name.end, end)

    def next_scopes(self, mention: Mention) -> Iterator[Scope]:
        """The beginnings of the clinician's next turns, while no medicine is named behind the mention."""
        if self._named[mention.index][-1].start > mention.drug.start:
            return
        for index in range(mention.index + 1, min(mention.index + 3, len(self._turns))):
            turn = self._turns[index]
            if index in self._named:
                return
            if turn.role != "patient":
                yield Scope(index, turn.text, 0, 0, min(_REACH, len(turn.text)))


def quote_of(scope: Scope, mention: Mention, places: Sequence[tuple[int, int]]) -> tuple[int, int, int]:
    """Index of the turn, start and end of the mention's clause, widened to the deciding phrase and to the values."""
    name = mention.drug
    clauses = _clauses_near(scope.text, name.start)
    at = next((n for n, clause in enumerate(clauses) if clause.start <= name.start < clause.end), None)
    start, end = (name.start, name.end) if at is None else (clauses[at].start, clauses[at].end)
    if at and mention.cue and mention.cue not in tidy(plain(scope.text[start : name.start])):
        start = clauses[at - 1].start
    end = min(end, name.end + _LONGEST_QUOTE // 2)
    start = max(start, name.start - _LONGEST_QUOTE // 2)
    return (
        scope.index,
        min([start, *(begin for begin, _ in places)]),
        max([end, name.end, *(stop for _, stop in places)]),
    )


def quote_of_values(scope: Scope, places: Sequence[tuple[int, int]]) -> tuple[int, int, int]:
    """The clause of a turn that holds values, widened to the last of them."""
    first = places[0][0]
    clause = next((c for c in _clauses_near(scope.text, first) if c.start <= first < c.end), Clause(*places[0]))
    return scope.index, clause.start, max([clause.end, *(stop for _, stop in places)])


def _clauses_near(text: str, position: int) -> list[Clause]:
    begin = max(0, position - _LONGEST_QUOTE)
    near = split_clauses(text[begin : position + _LONGEST_QUOTE])
    return [Clause(begin + clause.start, begin + clause.end) for clause in near]


def _dose_before(text: str, since: int, start: int) -> Dose | None:
    """The dose that leads up to a name: "forty milligrams of", "a 600 milligram"; not one that follows another name."""
    begin = max(since, start - 60)
    doses = [
        dose
        for dose in find_doses(text[begin:start])
        if dose.unit in STRENGTHS or "of" in text[begin + dose.end : start]
    ]
    if not doses or not _OF.fullmatch(plain(text[begin + doses[-1].end : start])):
        return None
    last = doses[-1]
    if since and begin + last.start - since < 12 and " of " not in text[begin + last.end : start] + " ":
        return None
    return Dose(begin + last.start, begin + last.end, last.low, last.high, last.unit, last.withdrawn)

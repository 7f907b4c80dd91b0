"""The clauses of a visit that carry clinical weight and that no finding accounts for."""

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.extraction.accounted import Accounted
from app.language.clauses import Clause
from app.language.doses import find_doses
from app.language.dues import find_dues
from app.language.sieve import Place
from app.language.turns import Turn
from app.llm.offline.clauses_said import Said
from app.llm.offline.follow_ups import MARKS_OF_SOON, MARKS_OF_VISITS, may_plan_a_visit
from app.llm.offline.hearing import Heard
from app.llm.offline.intent import PLANS
from app.llm.offline.phrase_lists import CUES
from app.llm.offline.prescriptions import MARKS_OF_PAPERS, may_write

_CUES = [
    (reason, CUES.add(re.compile(rf"\b(?:{said})\b")))
    for reason, said in (
        ("referral", r"refer(?:ral|ring|red)?|specialist|consult(?:ation)?|physical therapy|physio(?:therapy)?"),
        (
            "return",
            r"come (?:back|in)|see (?:you|me) (?:back|again|in)|follow[- ]?up|check back|recheck|return"
            r"|book (?:you |an |another )|appointment",
        ),
        (
            "call_if",
            r"call|ring|contact|message|phone|let (?:me|us) know|go to (?:the )?(?:er|emergency|a ?and ?e)|999|911",
        ),
    )
]
# Where a name starts in its turn, and the usual name.
_Name = tuple[int, str]
_NONE: frozenset[str] = frozenset()
_MARKS = sum(cue.bit for _, cue in _CUES) | MARKS_OF_VISITS | MARKS_OF_PAPERS
# Plans a visit beside other words that do; alone it is no reason to look at a turn.
_LOOKED_AT = _MARKS | MARKS_OF_SOON
CUES.look_first_for(_LOOKED_AT)


@dataclass(slots=True)
class WeightyClause:
    """A clause of the turn at `index`, where it starts and ends in the transcript, and what weighs in it.

    `reasons`: "drug" and "test" that are named nowhere in the findings, and their "dose"; in words that no finding
    quotes also "referral", "return", "call_if" and "interval"; with any of these, "plan". `drugs` and `tests`: those
    that are named nowhere else, by their usual names.
    """

    said: Said
    index: int
    start: int
    end: int
    cited: bool
    reasons: list[str] = field(default_factory=list)
    drugs: frozenset[str] = _NONE
    tests: frozenset[str] = _NONE

    def add_what_is_read(self, read_as: str) -> None:
        """An order or advice counts where anything else weighs, and in words that no finding quotes."""
        if self.reasons or not self.cited:
            self.reasons.append(read_as)


def weighty_clauses(heard: Heard, turns: Sequence[Turn], accounted: Accounted) -> list[WeightyClause]:
    """In order, those in which something weighs, and those in which the rules may yet read an order."""
    drugs_of = {index: [(drug.start, drug.canonical) for drug in named] for index, named in heard.drugs_of.items()}
    drugs_of, tests_of = _unknown(drugs_of, accounted), _unknown(heard.procedures_of, accounted)
    signs_of = _signs(heard, turns, accounted)
    found = []
    for index in sorted({*drugs_of, *tests_of, *signs_of}):
        drugs, tests, signs = drugs_of.get(index), tests_of.get(index), signs_of.get(index)
        for place, part in enumerate(heard.cut(index)):
            named, tested, marks = _in(part, drugs), _in(part, tests), _marks_in(part, signs)
            if named or tested or marks:
                clause = unweighed(heard.said_in(index)[place], turns[index], accounted)
                if _weighs(clause, named, tested, marks):
                    found.append(clause)
    return found


def unweighed(said: Said, turn: Turn, accounted: Accounted) -> WeightyClause:
    """A clause of which only the place is known."""
    start, end = turn.start + said.start, turn.start + said.end
    return WeightyClause(said, turn.number - 1, start, end, accounted.cites(start, end))


def _unknown(names_of: Mapping[int, list[_Name]], accounted: Accounted) -> dict[int, list[_Name]]:
    unknown = {
        index: [(start, name) for start, name in names if name not in accounted.terms]
        for index, names in names_of.items()
    }
    return {index: names for index, names in unknown.items() if names}


def _signs(heard: Heard, turns: Sequence[Turn], accounted: Accounted) -> dict[int, list[Place]]:
    """By index of its turn, where in it words stand that what weighs cannot do without, and that no finding quotes."""
    signs_of = {}
    for index, signs in enumerate(heard.signs):
        if signs & _MARKS:
            shift, start = heard.spans[index][0], turns[index].start
            places = [(bits, at - shift, end - shift) for bits, at, end in heard.signs_of[index] if bits & _LOOKED_AT]
            places = [place for place in places if not accounted.cites(start + place[1], start + place[2])]
            if any(place[0] & _MARKS for place in places):
                signs_of[index] = places
    return signs_of


def _in(part: Clause, names: Sequence[_Name] | None) -> frozenset[str]:
    if not names:
        return _NONE
    first, last = bisect_left(names, (part.start,)), bisect_left(names, (part.end,))
    return frozenset(name for _, name in names[first:last])


def _marks_in(part: Clause, signs: Sequence[Place] | None) -> int:
    marks = 0
    for bits, start, end in signs or ():
        if part.start <= start and end <= part.end:
            marks |= bits
    return marks


def _weighs(clause: WeightyClause, drugs: frozenset[str], tests: frozenset[str], marks: int) -> bool:
    """Notes what weighs; whether anything does, or an order may be read. `marks`: those of words that nobody quotes."""
    clause.drugs, clause.tests = drugs, tests
    clause.reasons = _reasons(clause, marks)
    return bool(clause.reasons) or _may_order(clause, marks)


def _reasons(clause: WeightyClause, marks: int) -> list[str]:
    said = clause.said
    reasons = [reason for reason, names in (("drug", clause.drugs), ("test", clause.tests)) if names]
    if clause.drugs and find_doses(said.text):
        reasons.append("dose")
    if not clause.cited:
        reasons += (reason for reason, cue in _CUES if cue.search(said.words, marks))
        if reasons and find_dues(said.text):
            reasons.append("interval")
    if reasons and said.by_clinician and not said.asks and said.find(PLANS):
        reasons.append("plan")
    return reasons


def _may_order(clause: WeightyClause, marks: int) -> bool:
    said = clause.said
    if clause.cited or not said.by_clinician:
        return False
    return bool(marks & MARKS_OF_PAPERS and may_write(said)) or bool(
        marks & (MARKS_OF_VISITS | MARKS_OF_SOON) and may_plan_a_visit(said)
    )

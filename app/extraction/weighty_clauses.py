"""The clauses of a visit that carry clinical weight and that no finding accounts for."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.extraction.accounted import Accounted
from app.language.doses import find_doses
from app.language.dues import WORDS_OF_DUES, find_dues
from app.language.turns import Turn
from app.llm.offline.clauses_said import Said
from app.llm.offline.follow_ups import MARKS_OF_VISITS, may_plan_a_visit
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
CUES.look_first_for(_MARKS)
_MAY_BE_DUE = CUES.add_words(WORDS_OF_DUES, only_first=True)


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
    found = []
    for index, drugs, tests in _turns_to_read(heard, turns, accounted):
        for said in heard.said_in(index):
            named, tested = _in(said, drugs), _in(said, tests)
            if named or tested or said.signs & _MARKS:
                clause = unweighed(said, turns[index], accounted)
                if _weighs(clause, named, tested):
                    found.append(clause)
    return found


def unweighed(said: Said, turn: Turn, accounted: Accounted) -> WeightyClause:
    """A clause of which only the place is known."""
    start, end = turn.start + said.start, turn.start + said.end
    return WeightyClause(said, turn.number - 1, start, end, accounted.cites(start, end))


def _turns_to_read(
    heard: Heard, turns: Sequence[Turn], accounted: Accounted
) -> Iterator[tuple[int, list[_Name], list[_Name]]]:
    """Index of each, and the unknown drugs and tests that it names; or it holds words that nobody quotes."""
    drugs_of = {index: [(drug.start, drug.canonical) for drug in named] for index, named in heard.drugs_of.items()}
    drugs_of, tests_of = _unknown(drugs_of, accounted), _unknown(heard.procedures_of, accounted)
    for index, turn in enumerate(turns):
        drugs, tests = drugs_of.get(index, []), tests_of.get(index, [])
        if drugs or tests or (heard.signs[index] & _MARKS and _is_unquoted(heard, index, turn, accounted)):
            yield index, drugs, tests


def _unknown(names_of: Mapping[int, list[_Name]], accounted: Accounted) -> dict[int, list[_Name]]:
    unknown = {
        index: [(start, name) for start, name in names if name not in accounted.terms]
        for index, names in names_of.items()
    }
    return {index: names for index, names in unknown.items() if names}


def _is_unquoted(heard: Heard, index: int, turn: Turn, accounted: Accounted) -> bool:
    """Whether words stand in a turn that what weighs cannot do without, and that no finding quotes."""
    shift = turn.start - heard.spans[index][0]
    places = [(shift + start, shift + end) for bits, start, end in heard.signs_of[index] if bits & _MARKS]
    return not all(accounted.cites(start, end) for start, end in places)


def _in(said: Said, names: Sequence[_Name]) -> frozenset[str]:
    if not names:
        return _NONE
    first, last = bisect_left(names, (said.start,)), bisect_left(names, (said.end,))
    return frozenset(name for _, name in names[first:last])


def _weighs(clause: WeightyClause, drugs: frozenset[str], tests: frozenset[str]) -> bool:
    """Notes what weighs; whether anything does, or an order may be read."""
    clause.drugs, clause.tests = drugs, tests
    clause.reasons = _reasons(clause)
    return bool(clause.reasons) or _may_order(clause)


def _reasons(clause: WeightyClause) -> list[str]:
    said = clause.said
    reasons = [reason for reason, names in (("drug", clause.drugs), ("test", clause.tests)) if names]
    if clause.drugs and find_doses(said.text):
        reasons.append("dose")
    if not clause.cited:
        reasons += (reason for reason, cue in _CUES if said.find(cue))
        if reasons and said.signs & _MAY_BE_DUE and find_dues(said.text):
            reasons.append("interval")
    if reasons and said.by_clinician and not said.asks and said.find(PLANS):
        reasons.append("plan")
    return reasons


def _may_order(clause: WeightyClause) -> bool:
    said = clause.said
    if clause.cited or not said.by_clinician:
        return False
    return may_write(said) or may_plan_a_visit(said)

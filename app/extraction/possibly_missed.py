"""The omission radar: words that carry clinical weight and that no finding accounts for."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.extraction.clinical_terms import clinical_terms
from app.extraction.second_reader import SecondReading
from app.extraction.weighty_clauses import WeightyClause
from app.language.turns import Turn

# More than a handful of warnings a visit, and nobody reads the next one; one long turn may hold several.
TURNS_AT_MOST, CLAUSES_AT_MOST = 5, 6
LISTED_FROM = 2.0
SAME_TERM_AT_MOST = 2

# The rules reader's orders weigh more than its advice, of which every visit holds some that nobody lists.
_WEIGHTS = {
    "order_read": 3.0,
    "advice_read": 1.5,
    "drug": 2.0,
    "dose": 1.0,
    "test": 2.0,
    "referral": 1.5,
    "return": 1.5,
    "call_if": 1.0,
    "interval": 1.0,
    "plan": 1.0,
}
# A patient tells of many medicines that nobody orders.
_PATIENT_SAYS = 0.5
_READ_AS = {
    "medication_instructions": "order_read",
    "clinician_todos": "order_read",
    "follow_up_tasks": "order_read",
    "patient_reminders": "advice_read",
}


@dataclass(frozen=True, slots=True)
class _Accounted:
    """What the findings account for: spans of the transcript, and drugs and tests by name."""

    spans: list[tuple[int, int]]
    terms: frozenset[str]

    def cites(self, start: int, end: int) -> bool:
        return any(start < theirs_end and theirs_start < end for theirs_start, theirs_end in self.spans)


def possibly_missed(
    turns: Sequence[Turn], findings: Iterable[dict[str, Any]], reading: SecondReading
) -> list[dict[str, Any]]:
    """At most six clauses of at most five turns, weightiest first, as `{turn, speaker, quote, start, end, reasons}`.

    `findings` are all items that account for something, those set aside included. A drug or test named nowhere in
    them weighs wherever it is said; a cue without a name ("come back") only where no finding cites the words.
    """
    items = list(findings)
    spans = [(quote["start"], quote["end"]) for item in items for quote in item["evidence"]]
    accounted = _Accounted(spans, _terms(items))
    by_number = {turn.number: turn for turn in turns}
    suspects = [_suspect(clause, by_number[clause.turn], accounted, reading) for clause in reading.weighty]
    suspects = [suspect for suspect in suspects if suspect.reasons]
    suspects.sort(key=lambda suspect: (-suspect.weight, -suspect.clause.at))
    return [_listed(suspect, by_number[suspect.clause.turn]) for suspect in _readable(_different(suspects))]


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A clause with what speaks for its having been missed, and the drugs and tests that it alone would bring."""

    clause: WeightyClause
    reasons: list[str]
    terms: frozenset[str]

    @property
    def weight(self) -> float:
        return sum(_WEIGHTS[reason] for reason in self.reasons) - (0.0 if self.clause.by_clinician else _PATIENT_SAYS)


def _suspect(clause: WeightyClause, turn: Turn, accounted: _Accounted, reading: SecondReading) -> _Suspect:
    start = turn.start + clause.start
    drugs, tests = clause.drugs - accounted.terms, clause.tests - accounted.terms
    cited = accounted.cites(start, start + len(clause.text))
    reasons = [reason for reason, holds in (("drug", drugs), ("test", tests)) if holds]
    if drugs and clause.dosed:
        reasons.append("dose")
    if not cited:
        reasons += clause.cues
        if reasons and clause.due:
            reasons.append("interval")
    if reasons and clause.plans:
        reasons.append("plan")
    if (reasons or not cited) and (read_as := _read_as(clause, accounted, reading)):
        reasons.append(read_as)
    return _Suspect(clause, reasons, drugs | tests)


def _different(suspects: Sequence[_Suspect]) -> list[_Suspect]:
    """The heavy ones, without those whose drugs and tests two heavier ones bring up already."""
    kept: list[_Suspect] = []
    named: Counter[str] = Counter()
    for suspect in suspects:
        if suspect.weight >= LISTED_FROM and not _said_enough(suspect.terms, named):
            kept.append(suspect)
            named.update(suspect.terms)
    return kept


def _readable(suspects: Sequence[_Suspect]) -> list[_Suspect]:
    """The heaviest, as long as they fit into what a reviewer will read."""
    kept: list[_Suspect] = []
    for suspect in suspects:
        turns = {other.clause.turn for other in kept} | {suspect.clause.turn}
        if len(turns) <= TURNS_AT_MOST and len(kept) < CLAUSES_AT_MOST:
            kept.append(suspect)
    return kept


def _said_enough(terms: frozenset[str], named: Counter[str]) -> bool:
    return bool(terms) and all(named[term] >= SAME_TERM_AT_MOST for term in terms)


def _read_as(clause: WeightyClause, accounted: _Accounted, reading: SecondReading) -> str | None:
    """As what the rules reader reads a clause that proves something to do, if no finding names that."""
    items = ((category, reading.answer[category][place]) for category, place in clause.proves)
    kinds = {
        _READ_AS[category]
        for category, item in items
        if item["commitment"] not in ("declined", "historical") and not _named(item, accounted)
    }
    return max(kinds, key=_WEIGHTS.__getitem__, default=None)


def _terms(items: Sequence[dict[str, Any]]) -> frozenset[str]:
    """The drugs and tests that the items are about; a medicine also under the very name that the item gives it."""
    names = {item["medication_name"].casefold() for item in items if item.get("medication_name")}
    return clinical_terms("\n".join(_words(item) for item in items)) | names


def _named(item: dict[str, Any], accounted: _Accounted) -> bool:
    terms = _terms([item])
    return bool(terms) and terms <= accounted.terms


def _words(item: dict[str, Any]) -> str:
    return " ".join(
        str(item[name]) for name in ("medication_name", "description", "substance", "value") if item.get(name)
    )


def _listed(suspect: _Suspect, turn: Turn) -> dict[str, Any]:
    start = turn.start + suspect.clause.start
    return {
        "turn": turn.number,
        "speaker": turn.speaker,
        "quote": suspect.clause.text,
        "start": start,
        "end": start + len(suspect.clause.text),
        "reasons": suspect.reasons,
    }

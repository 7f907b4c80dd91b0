"""The omission radar: words that carry clinical weight and that no finding accounts for."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from app.extraction.accounted import Accounted
from app.extraction.second_reader import read_rest
from app.extraction.weighty_clauses import WeightyClause, weighty_clauses
from app.language.turns import Turn
from app.llm.offline.hearing import Heard

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


def possibly_missed(turns: Sequence[Turn], findings: Iterable[dict[str, Any]], heard: Heard) -> list[dict[str, Any]]:
    """At most six clauses of at most five turns, weightiest first, as `{turn, speaker, quote, start, end, reasons}`.

    `findings` are all items that account for something, those set aside included. A drug or test named nowhere in
    them weighs wherever it is said; a cue without a name ("come back") only where no finding cites the words.
    """
    accounted = Accounted(list(findings))
    suspects = read_rest(heard, turns, weighty_clauses(heard, turns, accounted), accounted)
    suspects.sort(key=lambda suspect: (-_weight(suspect), -suspect.start))
    return [_listed(suspect, turns[suspect.index]) for suspect in _readable(_different(suspects))]


def _weight(suspect: WeightyClause) -> float:
    return sum(_WEIGHTS[reason] for reason in suspect.reasons) - (0.0 if suspect.said.by_clinician else _PATIENT_SAYS)


def _different(suspects: Sequence[WeightyClause]) -> list[WeightyClause]:
    """The heavy ones, without those whose drugs and tests two heavier ones bring up already."""
    kept: list[WeightyClause] = []
    named: Counter[str] = Counter()
    for suspect in suspects:
        if _weight(suspect) >= LISTED_FROM and not _said_enough(suspect.drugs | suspect.tests, named):
            kept.append(suspect)
            named.update(suspect.drugs | suspect.tests)
    return kept


def _readable(suspects: Sequence[WeightyClause]) -> list[WeightyClause]:
    """The heaviest, as long as they fit into what a reviewer will read."""
    kept: list[WeightyClause] = []
    for suspect in suspects:
        turns = {other.index for other in kept} | {suspect.index}
        if len(turns) <= TURNS_AT_MOST and len(kept) < CLAUSES_AT_MOST:
            kept.append(suspect)
    return kept


def _said_enough(terms: frozenset[str], named: Counter[str]) -> bool:
    return bool(terms) and all(named[term] >= SAME_TERM_AT_MOST for term in terms)


def _listed(suspect: WeightyClause, turn: Turn) -> dict[str, Any]:
    return {
        "turn": turn.number,
        "speaker": turn.speaker,
        "quote": suspect.said.text,
        "start": suspect.start,
        "end": suspect.end,
        "reasons": suspect.reasons,
    }

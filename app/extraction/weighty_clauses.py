"""The clauses of a visit that carry clinical weight, told from the transcript alone."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from app.findings import ACTION_CATEGORIES
from app.language.doses import find_doses
from app.language.dues import find_dues
from app.llm.offline.clauses_said import Said
from app.llm.offline.intent import PLANS
from app.llm.offline.phrase_lists import CUES

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


class WeightyClause(NamedTuple):
    """The clause `text`, which begins at `start` of its turn, and all that may weigh in it; `at` is its place in all.

    `drugs` and `tests` by their usual names; `dosed`: a dose is said with a drug; `cues`: "referral", "return",
    "call_if"; `due`: a time is said; `plans`: the clinician plans; `proves`: (category, place) of each item of the
    rules' answer whose first quote holds the clause.
    """

    at: int
    turn: int
    start: int
    text: str
    by_clinician: bool
    drugs: frozenset[str]
    tests: frozenset[str]
    dosed: bool
    cues: tuple[str, ...]
    due: bool
    plans: bool
    proves: tuple[tuple[str, int], ...]


def weighty_clauses(clauses: Sequence[Said], answer: dict[str, Any]) -> list[WeightyClause]:
    """In order, those of the clauses in which anything weighs; `answer` is what the rules made of the visit."""
    quoted = _first_quotes(answer)
    weighed = (_weighed(said, quoted.get(said.turn, ())) for said in clauses)
    return [clause for clause in weighed if clause]


def _first_quotes(answer: dict[str, Any]) -> dict[int, list[tuple[str, str, int]]]:
    """By turn, the first quote of each item for somebody to act on, with its category and place."""
    quoted: dict[int, list[tuple[str, str, int]]] = {}
    for category in ACTION_CATEGORIES:
        for place, item in enumerate(answer[category]):
            for quote in item["evidence"][:1]:
                quoted.setdefault(quote["turn"], []).append((quote["quote"], category, place))
    return quoted


def _weighed(said: Said, quoted: Sequence[tuple[str, str, int]]) -> WeightyClause | None:
    drugs = frozenset(drug.canonical for drug in said.drugs)
    tests = frozenset(test.name for test in said.procedures())
    cues = tuple(reason for reason, cue in _CUES if said.find(cue))
    proves = tuple((category, place) for quote, category, place in quoted if said.text in quote)
    named = bool(drugs or tests or cues)
    if not (named or proves):
        return None
    return WeightyClause(
        said.at,
        said.turn,
        said.start,
        said.text,
        said.by_clinician,
        drugs,
        tests,
        dosed=bool(drugs and find_doses(said.text)),
        cues=cues,
        due=bool(named and find_dues(said.text)),
        plans=bool(said.by_clinician and not said.asks and said.find(PLANS)),
        proves=proves,
    )

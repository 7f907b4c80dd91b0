"""Which numbered steps of the clinic's procedures the visit met: by which finding, or by which words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.db.rows import AnyRow
from app.extraction.clinical_terms import clinical_terms
from app.extraction.sop_requirements import findings_asked_for
from app.extraction.visit import Visit
from app.findings import ITEM_TYPES
from app.language.plain import plain
from app.llm.offline.hearing import Heard

_STEP = re.compile(r"^[^\S\n]*(\d{1,3})[.)][^\S\n]+(\S.*)$", re.MULTILINE)
_CONDITION = re.compile(
    r"^(?:if|when(?:ever)?|for (?:each|every|any|all)?|where|in (?:each|every|any)) ?([^,:]+)[,:]", re.IGNORECASE
)
_STATUS = {"start": "start", "chang": "change", "increas": "change", "continu": "continue", "stop": "stop"}
_WORD = re.compile(r"[a-z]{3,}|\d+")
_ENDINGS = re.compile(r"(?:ations?|ments?|ings?|ies|ied|ed|es|s|y|e)$")
_SAME = {
    **dict.fromkeys(("medicine", "medication", "drug", "tablet", "prescription", "pill"), "medicine"),
    **dict.fromkeys(("visit", "appointment", "consultation"), "visit"),
    **dict.fromkeys(("check", "measure", "repeat", "recheck", "monitor"), "check"),
    **dict.fromkeys(("call", "contact", "ring", "phone"), "call"),
}
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        """
        the and for that this with you your has have had was were are is not any all each every one two how what when
        who which from into out off its than then them they will would should must can may might does did say said
        tell told give given ask asked patient clinician doctor name state record note make sure least about their
        there been being other same day
        """,
    )
)
_UNMET: dict[str, Any] = {"status": "unmet", "item_id": None, "quote": None}
_NOT_APPLICABLE: dict[str, Any] = {"status": "not_applicable", "item_id": None, "quote": None}
# A step is met when this share of its telling words is said, and at least so many of them.
_MET_FROM, _MET_WORDS = 0.5, 2
# A condition is known to hold only when most of its words were said.
_HOLDS_FROM = 0.5


@dataclass(frozen=True, slots=True)
class _Said:
    """Words that may meet a step: a finding's, with its first quote, or a clause's."""

    words: frozenset[str]
    terms: frozenset[str]
    quote: dict[str, Any] | None
    item_id: str | None


def trace_sops(
    sops: Sequence[AnyRow], findings: dict[str, list[dict[str, Any]]], heard: Heard, visit: Visit
) -> list[dict[str, Any]]:
    """`[{sop_id, title, steps: [{number, step, status, item_id, quote}]}]`; `quote` is evidence as in an item, or null.

    `satisfied` names the finding that meets the step, or quotes words that do; `not_applicable` is a step whose own
    condition did not come up; `unmet` is everything else, so that a doubt goes to the reviewer. A step that asks for no
    kind of finding that we know is compared by words: met in quite other words, it shows as unmet.
    """
    if not sops:
        return []
    said = [*_from_findings(findings), *_from_clauses(heard, visit)]
    everything = frozenset().union(*(one.words for one in said), *(one.terms for one in said))
    statuses = {item["status"] for item in findings["medication_instructions"]}
    return [
        {
            "sop_id": str(sop.id),
            "title": sop.title,
            "steps": [
                {"number": int(number), "step": text.strip()}
                | (_met(text, findings, said) if _applies(text, everything, statuses) else _NOT_APPLICABLE)
                for number, text in _STEP.findall(sop.content)
            ],
        }
        for sop in sops
    ]


def _met(step: str, findings: dict[str, list[dict[str, Any]]], said: list[_Said]) -> dict[str, Any]:
    """By a finding of the kind that the step asks for, else by what shares most of its words."""
    asked = findings_asked_for(step, findings)
    if asked:
        return _satisfied(asked[0]["id"], next(iter(asked[0]["evidence"]), None))
    found = _best(step, said) if asked is None else None
    return _satisfied(found.item_id, found.quote) if found else _UNMET


def _satisfied(item_id: str | None, quote: dict[str, Any] | None) -> dict[str, Any]:
    return {"status": "satisfied", "item_id": item_id, "quote": quote}


def _applies(step: str, everything: frozenset[str], statuses: set[str]) -> bool:
    """Whether the step's own condition, if it has one, came up in the visit."""
    condition = _CONDITION.match(step)
    if not condition:
        return True
    asked = {status for stem, status in _STATUS.items() if stem in condition[1].lower()}
    if asked:
        return bool(asked & statuses)
    wanted = _telling(condition[1]) | clinical_terms(condition[1])
    return not wanted or len(wanted & everything) >= _HOLDS_FROM * len(wanted)


def _best(step: str, said: list[_Said]) -> _Said | None:
    """What meets the step best; of equals the first, and findings stand before clauses."""
    wanted, terms = _telling(step), clinical_terms(step)
    scored = [(_share(wanted, terms, one), one) for one in said]
    share, best = max(scored, key=lambda entry: entry[0], default=(0.0, None))
    return best if share >= _MET_FROM else None


def _share(wanted: frozenset[str], terms: frozenset[str], one: _Said) -> float:
    """The share of the step's telling words that were said; a drug or test in common counts as two more of them."""
    common = len(wanted & one.words) + 2 * len(terms & one.terms)
    return common / (len(wanted) + 2 * len(terms)) if common >= _MET_WORDS else 0.0


def _from_findings(findings: dict[str, list[dict[str, Any]]]) -> list[_Said]:
    said = []
    for category in ITEM_TYPES:
        for item in findings[category]:
            quotes = " ".join(quote["quote"] for quote in item["evidence"])
            own = " ".join(str(value) for name, value in item.items() if isinstance(value, str) and name != "id")
            text = f"{own} {quotes}"
            quote = item["evidence"][0] if item["evidence"] else None
            said.append(_Said(_telling(text), clinical_terms(text), quote, item["id"]))
    return said


def _from_clauses(heard: Heard, visit: Visit) -> list[_Said]:
    said = []
    for index, turn in enumerate(visit.turns):
        for clause in heard.cut(index):
            start, end = turn.start + clause.start, turn.start + clause.end
            text = visit.text[start:end]
            quote = {"quote": text, "start": start, "end": end, "turn": turn.number, "speaker": turn.speaker}
            said.append(_Said(_telling(text), clinical_terms(text), quote, None))
    return said


def _telling(text: str) -> frozenset[str]:
    """The stems of the words that carry meaning; words for the same thing become one."""
    words = (word for word in _WORD.findall(plain(text)) if word not in _EMPTY)
    return frozenset(_stem(_SAME.get(word.removesuffix("s"), word)) for word in words)


def _stem(word: str) -> str:
    return _ENDINGS.sub("", word) if len(word) > 4 else word

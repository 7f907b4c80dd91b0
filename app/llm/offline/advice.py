"""Reads what the patient is to do, avoid or watch for in daily life."""

import re
from collections.abc import Sequence
from typing import Any

from app.language.drugs import find_drugs
from app.language.procedures import find_procedures
from app.llm.offline.clauses_said import Said
from app.llm.offline.phrase_lists import phrases
from app.llm.offline.phrasing import imperative
from app.llm.offline.safety_net import read_safety_net

Item = dict[str, Any]

_TELLS = phrases("advice", "tells")
_ALLOWS = re.compile(r"\byou (?:can|could|may|might)\b(?!'t| ?n't| ?not)")
_BEGINS = re.compile(r"^(?:(?:and|so|then|also|but|again|um|uh|or),? )*(?:just )?")
_DEED = phrases("advice", "deed")
# These are only advice when told not to.
_DEED_TO_AVOID = re.compile(
    r"\b(?:ski|run|play|lift|jump|drive|smok|swim|walk|do|go|put|strain|pick|scratch|touch|rub|squat|consum|eat"
    r"|drink|use|bear|bend|over ?do)(?:n?ing|ing|e)?\b"
)
_REST_OR_COLD = re.compile(r"\b(?:apply|ice|heat|rest|elevate|use (?:ice|heat|the|a)|steam|gargle|stretch)\b")
_NOT_ADVISED = re.compile(
    r"\b(?:do|would|ca|should) ?(?:n't|not) (?:necessarily |really )?(?:recommend|advise|suggest|want you to)$"
)
_NOT = re.compile(r"\b(?:not|n't)\b")
_OTHER_SUBJECT = re.compile(r"\b(?:we|they|it|that|she|he|i)(?:'ll|'re|'m|'s|'ve|'d)?\b(?!.*\b(?:you|her|him)\b)")
_ADVISES = re.compile(
    r"\b(?:worth|best|better|good idea|advisable|sensible|thing is to|recommend|suggest|advise|encourage|try"
    r"|make sure|important)\b"
)
_EMPTY = re.compile(
    r"^(?:(?:keep|keeping|monitor|monitoring|watch|watching|it|that|this|them|one|up|an|eye|close|on|out|for|the"
    r"|doing|what|you're|as|well|over|time|you|your|a|and|of|continue|to|just|take|care|good"
    r"|avoid|wear|eat|drink|use|using|get|some)\b[ ,]*)*$"
)
_NOT_ADVICE = phrases("advice", "not_advice")
_LIFESTYLE = re.compile(
    r"\b(?:eat|diet|drink|exercis|walk|smok|alcohol|weight|salt|sodium|sugar|sleep|rest|stress|coffee|caffein|carb"
    r"|food|fluid|hydrat|run|ski|sport|lift|avoid|stay|ice|elevat|moistur|activ|easy|break)"
)

_TO_HAVE = re.compile(
    r"\b(?:you (?:should|need to|'ll need to|will need to|have to)|you're due|make sure (?:that )?you|be sure to"
    r"|please)(?: \w+){0,2}? (?:have|get|for|go)\b"
)


def read_patient_reminders(visit: Sequence[Said]) -> list[Item]:
    """Reminders as raw items, each once: advice and tests to have in the order said, then the safety net."""
    reminders: dict[str, Item] = {}
    for said in visit:
        if said.by_clinician and not said.asks and not _NOT_ADVICE.search(said.words):
            reminder = _advice(said) or _test_to_have(said)
            if reminder:
                reminders.setdefault(reminder["description"].lower(), reminder)
    return [*reminders.values(), *read_safety_net(visit)]


def _advice(said: Said) -> Item | None:
    start, negated = _deed(said.words)
    if start is None or _belongs_elsewhere(said, start):
        return None
    words = imperative(said.text[start:])
    if _EMPTY.match(words.lower()):
        return None
    first, _, rest = words.partition(" ")
    if negated and not first.lower().startswith("avoid"):
        words = (
            f"Avoid {words[:1].lower()}{words[1:]}"
            if first.endswith("ing")
            else f"Do not {words[:1].lower()}{words[1:]}"
        )
    elif first.endswith("ing") and first != "Bring" and rest:
        words = f"Keep {rest}" if first == "Keeping" else f"Keep {words[:1].lower()}{words[1:]}"
    return _reminder("lifestyle" if _LIFESTYLE.search(said.words) else "other", words, said)


def _deed(words: str) -> tuple[int | None, bool]:
    """Where what the patient is told to do begins, and whether it is told not to be done."""
    begins = _BEGINS.match(words)
    opening = begins.end() if begins else 0
    bare = _DEED.match(words, opening)
    if bare and not bare[0].endswith("ing"):
        return bare.start(), False
    told = next((found for found in _TELLS.finditer(words) if _reaches(words, found)), None)
    if told:
        negated = _negated(words, told)
        deed = (_DEED_TO_AVOID if negated else _DEED).search(words, told.start())
        deed = deed or _DEED.search(words, told.start())
        if deed and not (_OTHER_SUBJECT.search(words[: deed.start()]) and not _ADVISES.search(words)):
            return deed.start(), negated
    allowed = _ALLOWS.search(words)
    eased = _REST_OR_COLD.search(words, allowed.end()) if allowed else None
    return (eased.start() if eased and allowed and eased.start() - allowed.end() < 20 else None), False


def _reaches(words: str, told: re.Match[str]) -> bool:
    """Whether a deed follows closely enough on the words that tell to do it."""
    negated = _negated(words, told)
    deed = (_DEED_TO_AVOID.search(words, told.end()) if negated else None) or _DEED.search(words, told.start())
    return deed is not None and deed.start() - told.end() < 25


def _negated(words: str, told: re.Match[str]) -> bool:
    """Whether it is told not to be done: "try not to lift", "i do n't recommend lifting"."""
    return bool(_NOT.search(words, told.start(), told.end() + 8) or _NOT_ADVISED.search(words, 0, told.end()))


def _belongs_elsewhere(said: Said, start: int) -> bool:
    """Medicines have a list of their own, and so have tests and visits."""
    near = said.words[start : start + 45]
    return bool(find_drugs(near)) or any(
        found.kind in ("lab", "imaging", "referral") for found in find_procedures(near)
    )


def _test_to_have(said: Said) -> Item | None:
    told = _TO_HAVE.search(said.words)
    if not told:
        return None
    tests = [
        found
        for found in find_procedures(said.words)
        if found.kind in ("lab", "imaging") and 0 <= found.start - told.end() < 30
    ]
    return _reminder("test", imperative(said.text[told.end() - 4 :].strip()), said) if tests else None


def _reminder(kind: str, description: str, said: Said) -> Item:
    return {
        "reminder_type": kind,
        "description": description,
        "due": said.due(),
        "priority": "medium",
        "commitment": "recommended",
        "evidence": [said.quote()],
    }

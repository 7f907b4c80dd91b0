"""Reads the safety net: for which signs the patient is to get in touch, and with whom."""

import re
from collections.abc import Sequence
from typing import Any

from app.llm.offline.clauses_said import Said
from app.llm.offline.intent import CERTAIN_IF
from app.llm.offline.phrase_lists import phrases
from app.llm.offline.phrasing import imperative

Item = dict[str, Any]

_CONTACT = phrases("safety_net", "contact")
_SIGN = phrases("safety_net", "sign")
_NO_SIGN = re.compile(
    r"\b(?:questions?|concerns|hurts when|pain when i|what you (?:think|decide)|how (?:it|that|you|your)|if (?:this"
    r"|that|it) hurts|tender)\b"
)
_GENERIC = re.compile(
    r"\b(?:wors\w*|better|improv\w*|deteriorat\w*|any (?:other |further )?(?:problems|issues|concerns)|changes?"
    r"|resolve)\b"
)
_VISIT = re.compile(r"come|appointment")
_TOLD_TO = re.compile(
    r",?\s(?:(?:that|then|so|and|just|please|you) )*(?:i want you to|i'd like you to|you (?:can|need to|should"
    r"|may need to)|feel free to|do|please|go ahead and)[\s,]*(?:yeah |just |please |uh , |um , )*$",
    re.IGNORECASE,
)
_URGENT = re.compile(
    r"\b(?:a ?and ?e|a&e|e\.?r\b|emergency|hospital|911|999|nine one one|ambulance|right away|straight|immediately)"
)


def read_safety_net(visit: Sequence[Said]) -> list[Item]:
    """Reminders to get in touch, as raw items; advice for the general case that things get worse is given once."""
    reminders: dict[str, Item] = {}
    for said in visit:
        reminder = _reminder(said, visit) if said.by_clinician and not said.asks else None
        if reminder:
            words = reminder["description"].lower()
            first = reminders.setdefault("worse" if _GENERIC.search(words) else words, reminder)
            if first is not reminder:
                first["evidence"] = [*first["evidence"], *reminder["evidence"]][:3]
    return list(reminders.values())


def _reminder(said: Said, visit: Sequence[Said]) -> Item | None:
    """The sign stands in the clause, or in the one or two before it: "if it swells up , i want you to call me"."""
    found = _CONTACT.search(said.words)
    if not found or _NO_SIGN.search(said.words):
        return None
    sign = _SIGN.search(CERTAIN_IF.sub(_blank, said.words))
    if sign and sign.start() < found.start():
        return _item(_told(said.text[found.start() :], said.text[sign.start() : found.start()]), [said])
    if sign:
        return _item(imperative(said.text[found.start() :]), [said])
    signs = [other for other in visit[max(0, said.at - 2) : said.at] if other.turn == said.turn]
    place = next((at for at, other in reversed(list(enumerate(signs))) if _SIGN.search(other.words)), None)
    if place is None or any(_NO_SIGN.search(other.words) for other in signs[place:]):
        return None
    if _VISIT.search(found[0]) and not signs[place].words.lstrip("andsobut ").startswith("if"):
        return None
    return _item(
        _told(said.text[found.start() :], " ".join(other.text for other in signs[place:])), [*signs[place:], said]
    )


def _told(contact: str, sign: str) -> str:
    sign = imperative(_TOLD_TO.sub("", sign))
    sign = sign if re.match(r"(?:if|when|should|any|unless)\b", sign.lower()) else f"if {sign}"
    return f"{imperative(contact)} {sign[:1].lower()}{sign[1:]}"


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _item(description: str, proof: list[Said]) -> Item | None:
    if len(description.split()) < 4 or not _SIGN.search(description.lower()):
        return None
    return {
        "reminder_type": "other",
        "description": description,
        "due": None,
        "priority": "high" if _URGENT.search(" ".join(said.words for said in proof)) else "medium",
        "commitment": "conditional",
        "evidence": [said.quote() for said in proof],
    }

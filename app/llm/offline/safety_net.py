"""Reads the safety net: for which signs the patient is to get in touch, and with whom."""

import re
from typing import Any

from app.llm.offline.clauses_said import Said
from app.llm.offline.excerpt import Excerpt
from app.llm.offline.intent import CERTAIN_IF
from app.llm.offline.phrase_lists import CUES, phrases
from app.llm.offline.phrasing import imperative

Item = dict[str, Any]

CONTACT = CUES.add(phrases("safety_net", "contact"))
CUES.look_first_for(CONTACT.bit)
_SIGN = phrases("safety_net", "sign")
_NO_SIGN = phrases("safety_net", "no_sign")
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
_OPENS_WITH_SIGN = re.compile(
    r"^(?:(?:and|so|but|or|then|um|uh|well|especially|obviously|particularly|now|also"
    r"|(?:things to )?(?:look|watch) out for),? )*(?:if|should|when|unless)\b"
)
_ADDS_SIGN = re.compile(r"^(?:(?:or|um|uh|especially|obviously|particularly),? )*(?:if|should|when|unless)\b")
_FEWEST_WORDS_OF_SIGN = 3
_LONGEST_NOD = 4
_URGENT = re.compile(
    r"\b(?:a ?and ?e|a&e|e\.?r\b|emergency|hospital|911|999|nine one one|ambulance|right away|straight|immediately)"
)


def read_safety_net(visit: Excerpt) -> list[Item]:
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


def _reminder(said: Said, visit: Excerpt) -> Item | None:
    """The sign stands in the clause, or in the one or two before it: "if it swells up , i want you to call me"."""
    found = said.find(CONTACT)
    if not found or _NO_SIGN.search(said.words):
        return None
    sign = _SIGN.search(CERTAIN_IF.sub(_blank, said.words))
    if sign and sign.start() < found.start() and _is_told(said.words[sign.start() : found.start()]):
        return _item(_told(said.text[found.start() :], said.text[sign.start() : found.start()]), [said])
    if sign and sign.start() > found.start():
        return _item(imperative(said.text[found.start() :]), [said])
    behind = visit.behind_in_turn(said, 1)
    if behind and _goes_on(said, behind[0]) and not _VISIT.search(found[0]):
        return _item(f"{imperative(said.text[found.start() :])} {imperative(behind[0].text).lower()}", [said, *behind])
    return _with_sign_before(said, found, visit)


def _is_told(sign: str) -> bool:
    """Whether a case is told, and the contact is not itself the case: "if you call us"."""
    return len(sign.split()) >= _FEWEST_WORDS_OF_SIGN


def _goes_on(said: Said, behind: Said) -> bool:
    """Whether the case is told right behind: "give us a ring , especially if you get a fever"."""
    return not said.text.endswith(".") and bool(_ADDS_SIGN.match(behind.words))


def _with_sign_before(said: Said, found: re.Match[str], visit: Excerpt) -> Item | None:
    signs = _leading_up(said, visit)
    place = next((at for at, other in reversed(list(enumerate(signs))) if _SIGN.search(other.words)), None)
    if place is None or any(_NO_SIGN.search(other.words) for other in signs[place:]):
        return None
    if _VISIT.search(found[0]) and not _OPENS_WITH_SIGN.match(signs[place].words):
        return None
    return _item(
        _told(said.text[found.start() :], " ".join(other.text for other in signs[place:])), [*signs[place:], said]
    )


def _leading_up(said: Said, visit: Excerpt) -> list[Said]:
    """The two clauses before, also over a mere "okay" of the patient's."""
    before = visit.before(said, 4, turns=2)
    nods = [other for other in before if other.turn == said.turn - 1]
    nodded = len(nods) == 1 and not nods[0].by_clinician and len(nods[0].words.split()) <= _LONGEST_NOD
    near = [other for other in before if other.turn == said.turn or (nodded and other.turn == said.turn - 2)]
    return near[-2:]


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

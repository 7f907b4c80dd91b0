"""Reads what the patient is to do, avoid or watch for in daily life."""

import re
from typing import Any

from app.language.drugs import find_drugs
from app.language.phrases import words as words_of
from app.language.procedures import find_procedures
from app.llm.offline.clauses_said import Said
from app.llm.offline.deeds import find_deed
from app.llm.offline.excerpt import Excerpt
from app.llm.offline.phrase_lists import CUES, phrases
from app.llm.offline.phrasing import imperative
from app.llm.offline.safety_net import CONTACT, read_safety_net

Item = dict[str, Any]

_EMPTY = re.compile(
    r"^(?:(?:keep|keeping|monitor|monitoring|watch|watching|it|that|this|them|one|up|an|eye|close|on|out|for|the"
    r"|doing|what|you're|as|well|over|time|you|your|a|and|of|continue|to|just|take|care|good"
    r"|avoid|wear|eat|drink|use|using|get|some)\b[ ,]*)*$"
)
_FEWEST_WORDS = 2
_ONCE = {"Taking": "Take", "Having": "Have", "Getting": "Get"}
_NEAR = 6
_MOST_QUOTES = 3
# Two reminders that share this part of the words of the shorter are one.
_SAME = 0.8
_WORD = re.compile(r"[a-z0-9]{3,}")
_SMALL = words_of("the and you your for that this with not avoid keep try use get make sure some any all them")
_ASKS_LEAVE = CUES.add(phrases("advice", "asks_leave"))
_DENIES = phrases("advice", "denies")
_NOT_ADVICE = CUES.add(phrases("advice", "not_advice"))
_LIFESTYLE = re.compile(
    r"\b(?:eat|diet|drink|exercis|walk|smok|alcohol|weight|salt|sodium|sugar|sleep|rest|stress|coffee|caffein|carb"
    r"|food|fluid|hydrat|run|ski|sport|lift|avoid|stay|ice|elevat|moistur|activ|easy|break)"
)

_TO_HAVE = CUES.add(
    re.compile(
        r"\b(?:you(?:'ll| will)? (?:should|need to|have to|must|want to)|you're due|make sure (?:that )?you|be sure to"
        r"|please)(?: \w+){0,2}? (?:have|get|for|go)\b"
    )
)
CUES.look_first_for(_ASKS_LEAVE.bit | _NOT_ADVICE.bit | _TO_HAVE.bit)


def read_patient_reminders(visit: Excerpt) -> list[Item]:
    """Reminders as raw items, each once: advice and tests to have in the order said, then the safety net."""
    reminders: list[Item] = []
    for said in visit:
        if not said.by_clinician:
            reminder = _asked_and_denied(said, visit)
        elif said.asks or said.find(_NOT_ADVICE):
            reminder = None
        else:
            reminder = _advice(said) or _test_to_have(said)
        if reminder:
            _add(reminders, reminder)
    in_a_case = read_safety_net(visit)
    quoted = [quote for reminder in in_a_case for quote in reminder["evidence"]]
    return [*(reminder for reminder in reminders if not _is_told_again(reminder, quoted)), *in_a_case]


def _is_told_again(reminder: Item, quoted: list[dict[str, Any]]) -> bool:
    """Whether the safety net tells the same: "go to hospital", with the case in which to go."""
    gets_help = CONTACT.pattern.match(reminder["description"].lower())
    return bool(gets_help) and all(quote in quoted for quote in reminder["evidence"])


def _add(reminders: list[Item], reminder: Item) -> None:
    """Adds a reminder, or only its quote to the one that says nearly the same."""
    said = _content(reminder["description"])
    for earlier in reminders:
        known = _content(earlier["description"])
        if len(said & known) >= _SAME * min(len(said), len(known)):
            earlier["evidence"] = [*earlier["evidence"], *reminder["evidence"]][:_MOST_QUOTES]
            earlier["due"] = earlier["due"] or reminder["due"]
            return
    reminders.append(reminder)


def _content(description: str) -> set[str]:
    return {word[:6] for word in _WORD.findall(description.lower())} - _SMALL


def _asked_and_denied(said: Said, visit: Excerpt) -> Item | None:
    """The patient asks leave for something, and the clinician says no: "can i go running?" "not for now"."""
    asked = said.find(_ASKS_LEAVE)
    if not asked:
        return None
    answer = next((other for other in visit.behind(said, _NEAR - 1) if other.turn == said.turn + 1), None)
    if not answer or not answer.by_clinician or not _DENIES.match(answer.words):
        return None
    if _belongs_elsewhere(said, asked.end()):
        return None
    words = imperative(said.text[asked.end() :])
    if len(words.split()) < _FEWEST_WORDS and not words.endswith("e"):
        return None
    told = f"Avoid {words}" if words.split()[0].endswith("ing") else f"Do not {words[:1].lower()}{words[1:]}"
    return {**_reminder("lifestyle", told, answer), "evidence": [said.quote(), answer.quote()]}


def _advice(said: Said) -> Item | None:
    deed = find_deed(said.words, said.marks)
    if not deed or _belongs_elsewhere(said, deed.start):
        return None
    words = imperative(said.text[deed.start :])
    if _EMPTY.match(words.lower()) or len(words.split()) < _FEWEST_WORDS:
        return None
    first, _, rest = words.partition(" ")
    if deed.forbidden and not first.lower().startswith("avoid"):
        words = (
            f"Avoid {words[:1].lower()}{words[1:]}"
            if first.endswith("ing")
            else f"Do not {words[:1].lower()}{words[1:]}"
        )
    elif first in _ONCE:
        words = f"{_ONCE[first]} {rest}"
    elif first.endswith("ing") and first != "Bring" and rest:
        words = f"Keep {rest}" if first == "Keeping" else f"Keep {words[:1].lower()}{words[1:]}"
    return _reminder("lifestyle" if _LIFESTYLE.search(said.words) else "other", words, said)


def _belongs_elsewhere(said: Said, start: int) -> bool:
    """Medicines have a list of their own, and so have tests and visits."""
    near = said.words[start : start + 45]
    return bool(find_drugs(near)) or any(
        found.kind in ("lab", "imaging", "referral") for found in find_procedures(near)
    )


def _test_to_have(said: Said) -> Item | None:
    told = said.find(_TO_HAVE)
    if not told:
        return None
    tests = [
        found for found in said.procedures() if found.kind in ("lab", "imaging") and 0 <= found.start - told.end() < 30
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

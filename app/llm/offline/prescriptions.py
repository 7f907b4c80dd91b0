"""Reads what the clinician has to write: prescriptions, letters and forms."""

import re
from typing import Any

from app.language.drugs import Drug, find_drugs
from app.llm.offline.clauses_said import Said
from app.llm.offline.excerpt import Excerpt
from app.llm.offline.intent import PLANS
from app.llm.offline.phrase_lists import CUES, phrases
from app.llm.offline.phrasing import imperative
from app.llm.offline.replies import agreed

Item = dict[str, Any]

_PRESCRIBES = CUES.add(phrases("prescriptions", "prescribes"))
_GOES_ON = phrases("prescriptions", "goes_on")
_ASKS_NEED = re.compile(r"\b(?:do you (?:need|have|want)|are you (?!happy|okay|ok)|did you)\b")
_PAPERS = CUES.add(phrases("prescriptions", "papers"))
MARKS_OF_PAPERS = _PRESCRIBES.bit | _PAPERS.bit
_PROMISES = phrases("prescriptions", "promises")
_UNNAMED = "Prescribe the medication"
_NEAR = 30
_IF = re.compile(r"\bif\b")


def may_write(said: Said) -> bool:
    """Whether a clause of the clinician's may promise a prescription or another paper."""
    return bool(said.find(_PRESCRIBES)) or (not said.asks and bool(said.find(_PAPERS)))


def prescriptions(said: Said, visit: Excerpt) -> list[Item]:
    """Prescriptions to write, refill or dispense, as raw to-dos with the key `name` added."""
    found = said.find(_PRESCRIBES)
    if not found or _ASKS_NEED.search(said.words):
        return []
    if said.asks and not agreed(said, visit):
        return []
    if not (said.asks or PLANS.pattern.search(said.words, 0, found.start()) or _GOES_ON.search(said.words)):
        return []
    todo = _todo("prescription", said, _prescribed(said, found))
    return [{**todo, "commitment": "ordered"} if said.asks else todo]


def papers(said: Said) -> list[Item]:
    """Letters, forms and messages to others, as raw to-dos with the key `name` added."""
    found = said.find(_PAPERS)
    if not found or said.asks or not _PROMISES.search(said.words[: found.start()]):
        return []
    return [_todo("documentation", said, imperative(said.text[found.start() :]))]


def _prescribed(said: Said, found: re.Match[str]) -> str:
    verb = "Refill" if "refill" in found[0] else "Dispense" if "dispense" in found[0] else "Prescribe"
    drugs = [drug for drug in find_drugs(said.text) if drug.start >= found.start()] or _just_named(said, found)
    medicines = [drug for drug in drugs if drug.kind != "class"] or drugs
    if not medicines:
        return imperative(said.text[found.start() :]) if verb == "Dispense" else _UNNAMED
    names = list(dict.fromkeys(drug.name for drug in medicines))
    return (
        imperative(f"{verb} {said.text[medicines[0].start :]}") if len(names) == 1 else f"{verb} {' and '.join(names)}"
    )


def _just_named(said: Said, found: re.Match[str]) -> list[Drug]:
    """The medicine named right before: "antihistamines , which i'll prescribe"."""
    before = [drug for drug in find_drugs(said.text) if drug.end <= found.start()][-1:]
    return [drug for drug in before if found.start() - drug.end < _NEAR]


def is_unnamed(todo: Item) -> bool:
    """Whether a to-do is a prescription of which only "it" was said."""
    return bool(todo["description"] == _UNNAMED)


def _todo(task_type: str, said: Said, words: str) -> Item:
    return {
        "task_type": task_type,
        "description": words,
        "reason": said.topic,
        "due": None,
        "priority": "medium",
        "commitment": "conditional" if _IF.search(said.words) else "ordered",
        "evidence": [said.quote()],
        "name": words,
    }

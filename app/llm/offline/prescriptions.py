"""Reads what the clinician has to write: prescriptions, letters and forms."""

import re
from typing import Any

from app.language.drugs import find_drugs
from app.llm.offline.clauses_said import Said
from app.llm.offline.intent import PLANS
from app.llm.offline.phrase_lists import phrases
from app.llm.offline.phrasing import imperative

Item = dict[str, Any]

_PRESCRIBES = phrases("prescriptions", "prescribes")
_ASKS_NEED = re.compile(r"\b(?:do you (?:need|have|want)|are you|did you)\b")
_PAPERS = phrases("prescriptions", "papers")


def prescriptions(said: Said) -> list[Item]:
    """Prescriptions to write, refill or dispense, as raw to-dos with the key `name` added."""
    found = _PRESCRIBES.search(said.words)
    if (
        not found
        or said.asks
        or _ASKS_NEED.search(said.words)
        or not (PLANS.search(said.words, 0, found.start()) or found[0] == "new prescription")
    ):
        return []
    words = _prescribed(said, found)
    return [_todo("prescription", said, words)]


def papers(said: Said) -> list[Item]:
    """Letters, forms and messages to others, as raw to-dos with the key `name` added."""
    found = _PAPERS.search(said.words)
    if (
        not found
        or said.asks
        or not re.search(r"\b(?:i'll|i will|i'm (?:gon ?na|going to)|we'll|let me)\b", said.words[: found.start()])
    ):
        return []
    return [_todo("documentation", said, imperative(said.text[found.start() :]))]


def _prescribed(said: Said, found: re.Match[str]) -> str:
    verb = "Refill" if "refill" in found[0] else "Dispense" if "dispense" in found[0] else "Prescribe"
    drugs = [drug for drug in find_drugs(said.text) if drug.start >= found.start()]
    medicines = [drug for drug in drugs if drug.kind != "class"] or drugs
    if not medicines:
        return imperative(said.text[found.start() :]) if verb == "Dispense" else f"{verb} the medication"
    names = list(dict.fromkeys(drug.name for drug in medicines))
    return (
        imperative(f"{verb} {said.text[medicines[0].start :]}") if len(names) == 1 else f"{verb} {' and '.join(names)}"
    )


def _todo(task_type: str, said: Said, words: str) -> Item:
    return {
        "task_type": task_type,
        "description": words,
        "reason": said.topic,
        "due": None,
        "priority": "medium",
        "commitment": "conditional" if re.search(r"\bif\b", said.words) else "ordered",
        "evidence": [said.quote()],
        "name": words,
    }

"""Reads a whole visit by rule and gives the raw answer that a model would give."""

from collections.abc import Sequence
from typing import Any

from app.llm.offline.advice import read_patient_reminders
from app.llm.offline.clauses_said import Said, cut_visit
from app.llm.offline.custom import read_custom
from app.llm.offline.facts import read_allergies, read_problems
from app.llm.offline.follow_ups import read_follow_up_tasks
from app.llm.offline.indications import problem_treated
from app.llm.offline.medications import read_medications
from app.llm.offline.orders import read_clinician_todos
from app.llm.offline.summary import summarise
from app.llm.offline.visit import SpokenTurn
from app.llm.offline.vitals import read_vitals

Item = dict[str, Any]

_VAGUE = (None, "pain", "swelling", "inflammation", "the pain", "symptoms", "infection")


def read_visit(turns: Sequence[SpokenTurn], custom_categories: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The raw answer about a visit, with the keys of `app.findings.Answer`; quotes are slices of their turns."""
    visit = cut_visit(turns)
    answer: dict[str, Any] = {
        "summary": "",
        "follow_up_tasks": read_follow_up_tasks(visit),
        "medication_instructions": [_with_reason(item, turns, visit) for item in read_medications(turns)],
        "patient_reminders": read_patient_reminders(visit),
        "clinician_todos": read_clinician_todos(visit),
        "problems": read_problems(turns),
        "allergies": read_allergies(turns),
        "vitals": read_vitals(turns),
        "custom": read_custom(visit, custom_categories),
    }
    return {**answer, "summary": summarise(answer)}


def _with_reason(item: Item, turns: Sequence[SpokenTurn], visit: Sequence[Said]) -> Item:
    """The item, with the problem under discussion where only a symptom or nothing was said of why."""
    if item["reason"] not in _VAGUE or not item["evidence"]:
        return item
    first = item["evidence"][0]
    text = next(turn.text for turn in turns if turn.number == first["turn"])
    end = text.find(first["quote"]) + len(first["quote"])
    before = [said for said in visit if said.turn == first["turn"] and said.start < end]
    if not before:
        return item
    said = before[-1]
    problem = problem_treated(item["medication_name"], said.topic, visit, said.at) or said.topic
    reasons = [reason for reason in (problem, item["reason"]) if reason]
    return {**item, "reason": ", ".join(reasons) if item["reason"] not in (problem or "").split() else problem}

"""Reads a whole visit by rule and gives the raw answer that a model would give."""

from collections.abc import Sequence
from typing import Any

from app.llm.offline.advice import read_patient_reminders
from app.llm.offline.custom import read_custom
from app.llm.offline.excerpt import whole
from app.llm.offline.facts import read_allergies, read_problems
from app.llm.offline.follow_ups import read_follow_up_tasks
from app.llm.offline.hearing import Heard
from app.llm.offline.indications import Indications
from app.llm.offline.medications import read_medications
from app.llm.offline.orders import read_clinician_todos
from app.llm.offline.reasons import MedicineReasons
from app.llm.offline.summary import summarise
from app.llm.offline.visit import SpokenTurn
from app.llm.offline.vitals import read_vitals


def read_visit(turns: Sequence[SpokenTurn], custom_categories: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The raw answer about a visit, with the keys of `app.findings.Answer`; quotes are slices of their turns."""
    return read_heard(Heard(turns), custom_categories)


def read_heard(heard: Heard, custom_categories: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The same about a visit that has been heard already."""
    visit = whole(heard)
    indications = Indications(visit)
    reasons = MedicineReasons(heard.turns, indications)
    answer: dict[str, Any] = {
        "summary": "",
        "follow_up_tasks": read_follow_up_tasks(visit),
        "medication_instructions": [reasons.with_reason(item) for item in read_medications(heard)],
        "patient_reminders": read_patient_reminders(visit),
        "clinician_todos": read_clinician_todos(visit, indications),
        "problems": read_problems(heard),
        "allergies": read_allergies(heard),
        "vitals": read_vitals(heard),
        "custom": read_custom(visit, custom_categories),
    }
    return {**answer, "summary": summarise(answer)}

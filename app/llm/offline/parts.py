"""Reads only some turns of a visit: what is said around them is heard, so that they are understood, and not read."""

from collections.abc import Collection
from typing import Any

from app.llm.offline.advice import read_patient_reminders
from app.llm.offline.clauses_said import Said
from app.llm.offline.follow_ups import read_follow_up_tasks
from app.llm.offline.hearing import Heard
from app.llm.offline.indications import Indications
from app.llm.offline.medications import read_medications_named
from app.llm.offline.orders import read_clinician_todos

# An answer stands in the next turn, what is said to it in the one after, and a case may be told two turns before.
_AROUND = 2


def read_parts(
    heard: Heard, wanted: Collection[int], names: Collection[str], known: Collection[str]
) -> tuple[dict[str, list[dict[str, Any]]], list[Said]]:
    """What the rules find for somebody to act on, in the shape of a raw answer, and the clauses of the turns around.

    `wanted`: the turns to read; `names`: the canonical names of the medicines to read; `known`: those known already.
    Reasons are not looked for, and of a medicine only its first quote.
    """
    visit = _excerpt(heard, wanted)
    return {
        "follow_up_tasks": read_follow_up_tasks(visit),
        "medication_instructions": read_medications_named(heard, names, known),
        "patient_reminders": read_patient_reminders(visit),
        "clinician_todos": read_clinician_todos(visit, Indications(visit)),
    }, visit


def _excerpt(heard: Heard, wanted: Collection[int]) -> list[Said]:
    """The wanted turns and those around them, whose clauses are without marks: they tell the rules nothing."""
    around = {at for index in wanted for at in range(index - _AROUND, index + _AROUND + 1)}
    excerpt: list[Said] = []
    for index in sorted(around & set(range(len(heard.turns)))):
        for said in heard.said_in(index):
            said.at = len(excerpt)
            if index not in wanted:
                said.marks = 0
            excerpt.append(said)
    return excerpt

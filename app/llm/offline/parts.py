"""Reads only some turns of a visit: what is said around them is heard, so that they are understood, and not read."""

from collections.abc import Collection, Sequence
from typing import Any

from app.llm.offline.advice import read_patient_reminders
from app.llm.offline.clauses_said import Said
from app.llm.offline.excerpt import Excerpt, turns_of
from app.llm.offline.follow_ups import read_follow_up_tasks
from app.llm.offline.hearing import Heard
from app.llm.offline.indications import Indications
from app.llm.offline.medications import read_medications_named
from app.llm.offline.orders import read_clinician_todos


def read_parts(
    heard: Heard, wanted: Sequence[Said], names: Collection[str], known: Collection[str]
) -> dict[str, list[dict[str, Any]]]:
    """What the rules find for somebody to act on, in the shape of a raw answer.

    `wanted`: clauses in which something may be said; orders are read in their whole turns, and advice in them alone.
    `names`: the canonical names of the medicines to read; `known`: those known already. Reasons are not looked for, and
    of a medicine only its first quote.
    """
    visit = turns_of(heard, {said.at[0] for said in wanted})
    return {
        "follow_up_tasks": read_follow_up_tasks(visit),
        "medication_instructions": read_medications_named(heard, names, known),
        "patient_reminders": read_patient_reminders(Excerpt(heard, wanted)),
        "clinician_todos": read_clinician_todos(visit, Indications(Excerpt(heard, ()))),
    }

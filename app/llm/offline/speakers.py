"""Tells who speaks a turn from what is said, because labels are missing or swapped in many transcripts."""

from collections.abc import Sequence

from app.language.turns import Role
from app.llm.offline.phrase_lists import CUES, phrases
from app.llm.offline.visit import SpokenTurn

_CLINICIAN = CUES.add(phrases("speakers", "clinician"))
_PATIENT = CUES.add(phrases("speakers", "patient"))
_TELLS = _CLINICIAN.bit | _PATIENT.bit
CUES.look_first_for(_TELLS)


def inferred_roles(turns: Sequence[SpokenTurn], words: Sequence[str], marks: Sequence[int]) -> list[Role | None]:
    """One role a turn: what the words tell, else the label, or its opposite where the words contradict the labels.

    `words` are the turns in plain words, `marks` what `CUES` tells of them.
    """
    told = list(map(_told, words, marks))
    swapped = _are_swapped(told, turns)
    return [said or (_other(turn.role) if swapped else turn.role) for said, turn in zip(told, turns, strict=True)]


def _told(words: str, marks: int) -> Role | None:
    if not marks & _TELLS:
        return None
    clinician, patient = bool(_CLINICIAN.search(words, marks)), bool(_PATIENT.search(words, marks))
    if clinician == patient:
        return None
    return "clinician" if clinician else "patient"


def _are_swapped(told: list[Role | None], turns: Sequence[SpokenTurn]) -> bool:
    pairs = [
        (said, turn.role)
        for said, turn in zip(told, turns, strict=True)
        if said and turn.role in ("clinician", "patient")
    ]
    wrong = sum(said != role for said, role in pairs)
    return wrong >= 3 and wrong > 2 * (len(pairs) - wrong)


def _other(role: Role | None) -> Role | None:
    if role == "clinician":
        return "patient"
    return "clinician" if role == "patient" else role

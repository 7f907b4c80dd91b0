"""Tells who speaks a turn from what is said, because labels are missing or swapped in many transcripts."""

import re
from collections.abc import Sequence

from app.language.plain import plain
from app.language.turns import Role
from app.llm.offline.visit import SpokenTurn

_CLINICIAN = re.compile(
    r"\bhey,? ?,? dragon|\bi(?:'m| am) (?:gon ?na|going to) (?:go ahead and )?(?:prescribe|order|refer"
    r"|start you|put you|give you|send you"
    r"|have you|get you|recommend|increase|examine|check your|listen|take a look|do a quick)"
    r"|\bi(?:'d like| want| wan na|'d like to| would like) (?:you to|to (?:go ahead and )?(?:order|prescribe"
    r"|refer|start you|get you|see you))"
    r"|\b(?:refer you|prescribe you|your (?:physical )?exam\b|on (?:your |physical )?exam|let me (?:take a look"
    r"|examine|listen|check)|take a deep breath"
    r"|what brings you in|how can i help you|date of birth|any (?:chest pain|shortness of breath|fevers?|nausea"
    r"|allergies|numbness|family history)"
    r"|(?:are|have) you (?:taking|taken|tried|noticed|had any|been having)|do you (?:take|have any|smoke|drink)"
    r"|for your (?:first|second|third|next) problem"
    r"|continue you on|keep you on|start you on|put you on|see you (?:back|in|again)|my (?:impression"
    r"|assessment)|does that hurt|follow up with me)"
)
_PATIENT = re.compile(
    r"\b(?:i've been (?:having|feeling|taking|getting|trying)|my (?:knee|back|shoulder|head|stomach|chest|wife"
    r"|husband|kids|pcp|foot|ankle|hip|arm|throat) "
    r"(?:hurts?|is|was|has|started|been)|i'm (?:taking|allergic|in pain|worried)|i (?:feel|felt|took|tried"
    r"|noticed|woke up|fell|hurt my|can't sleep)"
    r"|should i|can i (?:take|get|go|keep|still)|thank you,? doctor|thanks,? doc|i was wondering)\b"
)


def inferred_roles(turns: Sequence[SpokenTurn]) -> list[Role | None]:
    """One role a turn: what the words tell, else the label, or its opposite where the words contradict the labels."""
    told = [_told(plain(turn.text)) for turn in turns]
    swapped = _are_swapped(told, turns)
    return [said or (_other(turn.role) if swapped else turn.role) for said, turn in zip(told, turns, strict=True)]


def _told(words: str) -> Role | None:
    clinician, patient = bool(_CLINICIAN.search(words)), bool(_PATIENT.search(words))
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

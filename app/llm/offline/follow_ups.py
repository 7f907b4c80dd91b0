"""Reads which visits and appointments are to follow: return visits, other clinicians to see, bookings to make."""

import re
from collections.abc import Sequence
from typing import Any

from app.llm.offline.clauses_said import Said
from app.llm.offline.intent import conditional
from app.llm.offline.orders import due_of

Item = dict[str, Any]

_RETURNS = re.compile(
    r"\b(?:see(?:ing)? (?:you|him|her|them)(?: all)?(?: (?:back|again|in|next|then|for|a|here|on|about|after|at))?|(?:com(?:e|ing) (?:back|in|and see)|be back|back (?:here )?in|pop back)\b"
    r"|return(?:ing)?(?: visit| in| to)|follow(?:ing)?[- ]?up|check back|touch base|book (?:an|another|a)(?: \w+)? ?appointment|schedule (?:an|another|a|you)(?: \w+)* ?(?:appointment|visit)"
    r"|make (?:an|another|a)(?: \w+)? ?appointment|set up (?:an|another|a)(?: \w+)? ?appointment|speak (?:to you )?again|recheck you|be seen)\b"
)
_PLANNED = re.compile(
    r"\b(?:we'll|we will|i'll|i will|i'm (?:gon ?na|going to)|we're (?:gon ?na|going to)|i(?:'d| would) like|i (?:also |do |just )?(?:want|wan ?na|need)|let's|let us|please|you (?:can|should|need to|will)"
    r"|you'll|have (?:you|her|him)|come (?:back|in)|make sure|why do ?n't|should|schedule|when you)\b"
)
_NOT_A_VISIT = re.compile(
    r"\b(?:(?:good|nice|great|glad|happy|pleasure|lovely) (?:to )?(?:see|seeing)|here (?:today )?for (?:a |your )?follow|as you can see|(?:before|until|between now and when|since) (?:i|we|you) (?:see|saw|come|came)"
    r"|last (?:visit|time)|i see you (?:have|had|were|are|'ve)|i saw|come in today|brings? you|came in|see your|in for (?:a )?follow|follow up on (?:your|the|some|that))\b"
)
_WITH_OTHER = re.compile(
    r"\b(?:follow(?:ing)?[- ]?up with|see|seen by|appointment (?:with|for)|back to) (?:your |the |my |our |a )?(?P<who>(?:[\w-]+ ){0,3}?(?:cardiologist|nephrologist|pcp|primary care(?: (?:doctor|physician|provider))?|family doctor|surgeon"
    r"|oncologist|neurologist|ophthalmologist|eye doctor|dentist|gynecologist|ob ?-?gyn|urologist|endocrinologist|specialist|physician|gp|rheumatologist|therapist|psychiatrist|dermatologist|podiatrist|pulmonologist|gastroenterologist|kidney doctor))\b"
)
_SCHEDULES = re.compile(
    r"\b(?:schedul(?:e|ing|ed)|book(?:ing)?|arrange|organi[sz]e|set (?:you|that|this|it) up)\b(?P<what> (?:[\w'-]+ ?){0,8})"
)


def read_follow_up_tasks(visit: Sequence[Said]) -> list[Item]:
    """Follow-up tasks as raw items: return visits by their time, each once, then bookings."""
    returns = [item for said in visit if said.by_clinician and (item := _return_visit(said))]
    others = [item for said in visit if said.by_clinician and (item := _other_clinician(said) or _booking(said))]
    return _merged(returns) + _merged(others)


def _return_visit(said: Said) -> Item | None:
    found = _RETURNS.search(said.words)
    if not found or said.asks or _NOT_A_VISIT.search(said.words) or _WITH_OTHER.search(said.words):
        return None
    due = due_of(said, bare=True)
    if not _PLANNED.search(said.words) and not (due and said.words.find("follow") >= 0):
        return None
    hangs = conditional(said.words)
    if hangs and not due:
        return None
    if not due and not re.search(r"follow|appointment|see you (?:back|again|then|soon)|come back (?:in|and|to)|next visit|be seen", said.words):
        return None
    return _task(f"Return visit {due}" if due else "Return visit", said, due, "patient", hangs)


def _other_clinician(said: Said) -> Item | None:
    found = _WITH_OTHER.search(said.words)
    if not found or said.asks or not _PLANNED.search(said.words):
        return None
    return _task(f"Follow up with {said.text[found.start('who') : found.end('who')]}", said, due_of(said), "patient", conditional(said.words))


def _booking(said: Said) -> Item | None:
    found = _SCHEDULES.search(said.words)
    if not found or said.asks or _RETURNS.search(said.words) or not _PLANNED.search(said.words):
        return None
    words = " ".join(said.text[found.start() :].split()[:10]).strip(" ,.")
    return _task(words[:1].upper() + words[1:], said, due_of(said), "clinician", conditional(said.words))


def _task(description: str, said: Said, due: str | None, assigned_to: str, hangs: bool) -> Item:
    return {
        "description": description,
        "reason": None,
        "assigned_to": assigned_to,
        "due": due,
        "priority": "medium",
        "commitment": "conditional" if hangs else "ordered",
        "evidence": [said.quote()],
    }


def _merged(tasks: list[Item]) -> list[Item]:
    """Each task once: one without a time is taken for the one that has a time, if there is one."""
    timed = {task["description"]: task for task in reversed(tasks) if task["due"]}
    untimed = [task for task in tasks if not task["due"]]
    if timed:
        return list(reversed(timed.values()))
    return untimed[:1]

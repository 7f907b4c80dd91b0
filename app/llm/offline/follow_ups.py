"""Reads which visits and appointments are to follow: return visits, other clinicians to see, bookings to make."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from app.language.dues import due_date
from app.llm.offline.clauses_said import Said
from app.llm.offline.intent import conditional
from app.llm.offline.phrase_lists import phrases
from app.llm.offline.phrasing import imperative
from app.llm.offline.replies import declined

Item = dict[str, Any]

_BACK = re.compile(r"\bback\b|\breturn|\bagain\b")
_RETURNS = re.compile(
    r"\b(?:(?P<see>see(?:ing)? (?:you|him|her|them|me)\b)|(?P<come>com(?:e|ing) (?:back|in\b|and see)"
    r"|be back (?:here|in|for)\b(?! to)|(?:get|have|want|like) (?:you|him|her) back\b|pop back"
    r"|return(?:ing)?(?: visit| in| to)|check back)|(?P<follow>follow(?:ing)?[- ]?up)|(?P<talk>touch base"
    r"|speak (?:to you )?again)"
    r"|(?P<book>(?:book|schedule|make|set up|arrange) (?:an|another|a|you|your)(?: \w+){0,3}? ?(?:appointment"
    r"|visit)))"
)
_PLANNED = re.compile(
    r"\b(?:we'll|we will|i'll|i will|i'm (?:gon ?na|going to)|we're (?:gon ?na|going to)|i(?:'d| would) like"
    r"|i (?:also |do |just |really )?(?:want|wan ?na|need)|let's|let us|please|you (?:can|could|should|need to|will"
    r"|may)|you'll|have (?:you|her|him)"
    r"|come (?:back|in|and)|make sure|why do ?n't|should|schedule|book|when you|we can|recommend|going to do is"
    r"|call me|ring me)\b|^(?:(?:good|great|okay|ok|alright|all right|perfect|lovely),? )*see you\b"
)
# Without a time, only what is clearly arranged is a visit to come.
_ARRANGED = phrases("follow_ups", "arranged")
_NOT_A_VISIT = re.compile(
    r"\b(?:(?:good|nice|great|glad|happy|pleasure|lovely) (?:to )?(?:see|seeing)|here (?:today )?(?:for|to) (?:a "
    r"|your )?(?:follow|see)|as you can see|presents?\b"
    r"|\b(?:do|does|wo) ?n't (?:have|need) to|no need to|not (?:need|have) to|next time we meet|not be able"
    r"|back to normal"
    r"|coming in today|(?:before|until|between now and when|since) (?:i|we|you) (?:see"
    r"|saw|come|came)|last (?:visit|time)|i see you (?:have|had|were|are|'ve)|i saw"
    r"|come in today|brings? you|came in|in for (?:a )?follow|follow up on (?:your|the|some|that)|in (?:a|about a"
    r"|just a) (?:few )?(?:minutes?|moments?|seconds?|bit)\b"
    r"|come in (?:and|to) (?!see)|nurse|assistant)"
)
_WHO = (
    r"cardiologist|nephrologist|pcp|primary care(?: (?:doctor|physician|provider))?|family (?:doctor|physician)"
    r"|surgeon|oncologist|neurologist"
    r"|ophthalmologist|eye doctor|dentist|gynecologist|ob ?-?gyn|urologist|endocrinologist|specialist|physician|gp"
    r"|rheumatologist|therapist|psychiatrist"
    r"|dermatologist|podiatrist|pulmonologist|gastroenterologist|kidney doctor|colleague|midwife|optician"
    r"|pharmacist|counsell?or"
)
_WITH_OTHER = re.compile(
    rf"\b(?:follow(?:ing)?[- ]?up with|see|seen by|appointment (?:with|for)|back to|touch base with|check in with) "
    rf"(?:your |the |my |our |a |an |one of (?:our|my|the) )?(?P<who>(?:[\w-]+ ){{0,2}}?(?:{_WHO}))\b"
)
_SEEN_SOON = re.compile(r"\b(?:be|you) (?:urgently )?seen\b(?! (?:by them|in the past|before|at))")
_AT_ONCE = re.compile(r"right away|immediately|straight|as soon as")
_CALLS = re.compile(r"\b(?:call|ring|phone|email|message) (?:me|us|the (?:office|clinic|practice|surgery))\b")
_GOT_SCHEDULED = re.compile(
    r"^(?:get |have )?(?:you |him |her )?((?:this |that |it )?)(?:all )?scheduled(?: for)?",
    re.IGNORECASE,
)
_SCHEDULES = phrases("follow_ups", "schedules")
_ASKS_WHEN = re.compile(
    r"\b(?:when|how (?:long|soon|often)|should i|do i)\b.*\b(?:see you|come back|follow[- ]?up|come in|appointment"
    r"|be back)\b"
)
_IF = re.compile(r"\b(?:if|unless|sooner)\b")
_RECURS = re.compile(r"dail|night|every|once|twice|times|week(?:ly)?$")
_YEARLY = re.compile(r"year|annual|in |next |time|this ")
_ANY_DAY = date(2001, 1, 1)
_A_FEW = 3
_VERBS = {"come": "Come back", "follow": "Follow up", "talk": "Speak again", "book": "Book an appointment"}


def read_follow_up_tasks(visit: Sequence[Said]) -> list[Item]:
    """Follow-up tasks as raw items: return visits by their time, each once, then other clinicians and bookings."""
    planned = [said for said in visit if said.by_clinician and not said.asks and _PLANNED.search(said.words)]
    returns = [item for said in planned if (item := _return_visit(said, visit))] or _answered_when(visit)
    others = [item for said in planned if (item := _other_visit(said))]
    return _visits_once(returns) + _each_once(others)


def _due_beside(said: Said, visit: Sequence[Said]) -> str | None:
    """A time said just before or after, on its own: "in three weeks | i'd like you to return"."""
    beside = [*visit[max(0, said.at - 1) : said.at], *visit[said.at + 1 : said.at + 2]]
    for other in beside:
        due = other.due(bare=True) if other.turn == said.turn and not other.asks else None
        if due and len(other.text.split()) <= len(due.split()) + _A_FEW:
            return due
    return None


def _hangs(said: Said, visit: Sequence[Said]) -> bool:
    """Whether the visit is only for a case: that belongs to the safety net."""
    near = [said, *visit[max(0, said.at - 1) : said.at]] if not said.due() else [said]
    return any(_IF.search(other.words) for other in near if other.turn == said.turn)


def _return_visit(said: Said, visit: Sequence[Said]) -> Item | None:
    found = _RETURNS.search(said.words)
    if not found or _NOT_A_VISIT.search(said.words) or _WITH_OTHER.search(said.words):
        return None
    due = said.due(bare=True) or _due_beside(said, visit)
    if due and _RECURS.search(due) and not _YEARLY.search(due):
        return None
    if _hangs(said, visit) or not (due or _ARRANGED.search(said.words)):
        return None
    verb = _VERBS.get(found.lastgroup or "", "Come back" if _BACK.search(said.words) else "Return visit")
    task = _task(f"{verb} {due}" if due else verb, said, due, "patient")
    return {**task, "commitment": "declined"} if declined(said, visit, "visit") else task


def _answered_when(visit: Sequence[Said]) -> list[Item]:
    """The patient asks when to come back, and the clinician's answer is just a time."""
    for question in visit:
        if not question.by_clinician and _ASKS_WHEN.search(question.words):
            answers = [said for said in visit[question.at + 1 : question.at + 5] if said.by_clinician and not said.asks]
            for said in answers:
                due = said.due(bare=True)
                if due:
                    return [_task(f"Come back {due}", said, due, "patient")]
    return []


def _other_visit(said: Said) -> Item | None:
    return _other_clinician(said) or _seen_soon(said) or _report_back(said) or _booking(said)


def _other_clinician(said: Said) -> Item | None:
    found = _WITH_OTHER.search(said.words)
    if not found:
        return None
    who = said.text[found.start("who") : found.end("who")]
    return _task(f"Follow up with {who}", said, said.due(), "patient")


def _seen_soon(said: Said) -> Item | None:
    if not _SEEN_SOON.search(said.words) or _RETURNS.search(said.words):
        return None
    due = said.due(bare=True)
    return (
        _task(f"Be seen {due}" if due else "Be seen", said, due, "patient") if due or "urgent" in said.words else None
    )


def _report_back(said: Said) -> Item | None:
    """The patient is to call on a day, whatever happens."""
    found = _CALLS.search(said.words)
    due = said.due() if found and not _IF.search(said.words) else None
    due = None if due and _AT_ONCE.search(due) else due
    return _task(imperative(said.text[found.start() :]), said, due, "patient") if found and due else None


def _booking(said: Said) -> Item | None:
    found = _SCHEDULES.search(said.words)
    if not found or _RETURNS.search(said.words):
        return None
    by_patient = bool(re.search(r"\byou (?:need|can|should|will|have)\b", said.words[: found.start()]))
    words = _GOT_SCHEDULED.sub(r"schedule \1", said.text[found.start() :])
    due = said.due()
    return _task(imperative(words), said, due, "patient" if by_patient else "clinician")


def _task(description: str, said: Said, due: str | None, assigned_to: str) -> Item:
    return {
        "description": description,
        "reason": None,
        "assigned_to": assigned_to,
        "due": due,
        "priority": "high"
        if due and re.search(r"today|tomorrow|hour|urgent|soon as|straight|right away", due)
        else "medium",
        "commitment": "conditional" if conditional(said.words) else "ordered",
        "evidence": [said.quote()],
    }


def _visits_once(visits: list[Item]) -> list[Item]:
    """One visit a time named; mentions without a time only count when no time was named at all."""
    return _each_once([visit for visit in visits if visit["due"]], _day) or _each_once(
        visits, lambda visit: str(visit["assigned_to"])
    )


def _day(visit: Item) -> str:
    """One key for "in a couple days" and "in two days"."""
    return str(due_date(visit["due"], _ANY_DAY) or visit["due"])


def _what(task: Item) -> str:
    return str(task["description"]).lower()


def _each_once(tasks: list[Item], key: Callable[[Item], str] = _what) -> list[Item]:
    kept: dict[str, Item] = {}
    for task in tasks:
        first = kept.setdefault(key(task), task)
        if first is not task:
            first["evidence"] = [*first["evidence"], *task["evidence"]][:3]
    return list(kept.values())

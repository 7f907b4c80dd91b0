"""Reads which visits and appointments are to follow: return visits, other clinicians to see, bookings to make."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from app.language.dues import due_date, find_dues
from app.llm.offline.clauses_said import Said
from app.llm.offline.excerpt import Excerpt
from app.llm.offline.intent import CERTAIN_IF, conditional
from app.llm.offline.phrase_lists import CUES, phrases
from app.llm.offline.phrasing import imperative
from app.llm.offline.replies import declined

Item = dict[str, Any]

_BACK = re.compile(r"\bback\b|\breturn|\bagain\b")
_RETURNS = CUES.add(phrases("follow_ups", "returns"))
_PLANNED = CUES.add(phrases("follow_ups", "planned"))
# Without a time, only what is clearly arranged is a visit to come.
_ARRANGED = phrases("follow_ups", "arranged")
_NOT_A_VISIT = phrases("follow_ups", "not_a_visit")
_NOT_UNTIL = phrases("follow_ups", "not_until")
_WITH_OTHER = CUES.add(phrases("follow_ups", "with_other"))
_SEEN_SOON = CUES.add(re.compile(r"\b(?:be|you) (?:urgently )?seen\b(?! (?:by them|in the past|before|at))"))
_AT_ONCE = re.compile(r"right away|immediately|straight|as soon as")
_CALLS = CUES.add(phrases("follow_ups", "calls"))
_CALLS_PATIENT = CUES.add(phrases("follow_ups", "calls_patient"))
_RESULTS = re.compile(r"\bresults?\b")
_GOT_SCHEDULED = re.compile(
    r"^(?:get |have )?(?:you |him |her )?((?:this |that |it )?)(?:all )?scheduled(?: for)?",
    re.IGNORECASE,
)
_SCHEDULES = CUES.add(phrases("follow_ups", "schedules"))
_ASKS_WHEN = CUES.add(
    re.compile(
        r"\b(?:when|how (?:long|soon|often)|should i|do i)\b.*\b(?:see you|come back|follow[- ]?up|come in|appointment"
        r"|be back)\b"
    )
)
_OF_VISITS = (_RETURNS, _WITH_OTHER, _CALLS, _CALLS_PATIENT, _SCHEDULES, _SEEN_SOON)
MARKS_OF_VISITS = sum(cue.bit for cue in _OF_VISITS)
CUES.look_first_for(_PLANNED.bit | _ASKS_WHEN.bit)
_CASE = phrases("follow_ups", "case")
_OR_SOONER = re.compile(r"\b(?:or |but )?(?:sooner|earlier|if not (?:before|sooner|earlier))\b.*")
_OPENS_WITH_IF = re.compile(r"^(?:(?:and|so|but|or|then|um|uh),? )*(?:if|unless)\b")
_RECURS = re.compile(r"dail|night|every|once|twice|times|week(?:ly)?$")
_YEARLY = re.compile(r"year|annual|in |next |time|this ")
_CALLS_THEM = re.compile(r"^(?:call|ring|phone|contact)(?: up)? (?:the |our |your )?")
_ANY_DAY = date(2001, 1, 1)
_A_FEW = 3
_VERBS = {
    "come": "Come back",
    "follow": "Follow up",
    "talk": "Speak again",
    "book": "Book an appointment",
    "review": "Be checked again",
}


def may_plan_a_visit(said: Said) -> bool:
    """Whether a clause of the clinician's may tell of a visit or a call to come."""
    if said.asks or not said.find(_PLANNED):
        return False
    return any(said.find(cue) for cue in _OF_VISITS)


def read_follow_up_tasks(visit: Excerpt) -> list[Item]:
    """Follow-up tasks as raw items: return visits by their time, each once, then other clinicians and bookings."""
    planned = [said for said in visit if said.by_clinician and not said.asks and said.find(_PLANNED)]
    returns = [item for said in planned if (item := _return_visit(said, visit))] or _answered_when(visit)
    others = [item for said in planned if (item := _other_visit(said))]
    return _visits_once(returns) + _each_once(others)


def _due_beside(said: Said, visit: Excerpt) -> str | None:
    """A time said just before or after, on its own: "in three weeks | i'd like you to return"."""
    beside = [*visit.before_in_turn(said, 1), *visit.behind_in_turn(said, 1)]
    for other in beside:
        due = None if other.asks else other.due(bare=True)
        if due and len(other.text.split()) <= len(due.split()) + _A_FEW:
            return due
    return None


def _return_visit(said: Said, visit: Excerpt) -> Item | None:
    found = said.find(_RETURNS)
    if not found or said.find(_WITH_OTHER):
        return None
    condition = _condition(said, visit)
    due = (
        said.due(bare=True) or _due_until(said) or (condition and condition.due(bare=True)) or _due_beside(said, visit)
    )
    if not _is_to_come(said, found, due, condition):
        return None
    verb = _VERBS.get(found.lastgroup or "", "Come back" if _BACK.search(said.words) else "Return visit")
    task = _task(f"{verb} {due}" if due else verb, said, due, "patient")
    if condition:
        task = _hanging(task, condition, said)
    return {**task, "commitment": "declined"} if declined(said, visit, "visit") else task


def _due_until(said: Said) -> str | None:
    """The time before which no visit is needed: "you do n't need to come back for six months"."""
    until = _NOT_UNTIL.search(said.words)
    due = next(iter(find_dues(said.text[until.end() :], bare=True)), None) if until else None
    return said.text[until.end() + due.start : until.end() + due.end] if until and due else None


def _is_to_come(said: Said, found: re.Match[str], due: str | None, condition: Said | None) -> bool:
    """Whether it is a visit to come; one without a time that hangs on something belongs to the safety net."""
    if _NOT_A_VISIT.search(said.words) and not (due and _NOT_UNTIL.search(said.words)):
        return False
    if due and _RECURS.search(due) and not _YEARLY.search(due):
        return False
    if found.lastgroup == "review":
        return bool(said.due())
    return bool(due) or (not condition and bool(_ARRANGED.search(said.words)))


def _condition(said: Said, visit: Excerpt) -> Said | None:
    """The clause with the case in which to come: this one, or one of the two before it that leads up to it."""
    if _names_a_case(said):
        return said
    before = visit.before_in_turn(said, 2)
    if said.due():
        before = [other for other in before[-1:] if _OPENS_WITH_IF.match(other.words)]
    return next((other for other in reversed(before) if _names_a_case(other) and _leads_on(other)), None)


def _names_a_case(said: Said) -> bool:
    """Whether something hangs on the clause; "or sooner if" makes nothing conditional."""
    return bool(_CASE.search(CERTAIN_IF.sub("", _OR_SOONER.sub("", said.words))))


def _leads_on(said: Said) -> bool:
    return not said.text.endswith((".", "!", "?"))


def _hanging(task: Item, condition: Said, said: Said) -> Item:
    """The task with its condition told, marked and quoted."""
    case = _CASE.search(condition.words)
    told = imperative(condition.text[case.start() :]) if case and condition is not said else ""
    description = f"{task['description']} {told[:1].lower()}{told[1:]}".strip()
    evidence = [condition.quote(), said.quote()] if condition is not said else [said.quote()]
    return {**task, "description": description, "commitment": "conditional", "evidence": evidence}


def _answered_when(visit: Excerpt) -> list[Item]:
    """The patient asks when to come back, and the clinician's answer is just a time."""
    for question in visit:
        if not question.by_clinician and question.find(_ASKS_WHEN):
            answers = [said for said in visit.behind(question, 4, turns=4) if said.by_clinician and not said.asks]
            for said in answers:
                due = said.due(bare=True)
                if due:
                    return [_task(f"Come back {due}", said, due, "patient")]
    return []


def _other_visit(said: Said) -> Item | None:
    return _other_clinician(said) or _seen_soon(said) or _report_back(said) or _clinician_calls(said) or _booking(said)


def _other_clinician(said: Said) -> Item | None:
    found = said.find(_WITH_OTHER)
    if not found:
        return None
    who = said.text[found.start("who") : found.end("who")]
    return _task(f"Follow up with {who}", said, said.due(), "patient")


def _seen_soon(said: Said) -> Item | None:
    if not said.find(_SEEN_SOON) or said.find(_RETURNS):
        return None
    due = said.due(bare=True)
    return (
        _task(f"Be seen {due}" if due else "Be seen", said, due, "patient") if due or "urgent" in said.words else None
    )


def _report_back(said: Said) -> Item | None:
    """The patient is to get in touch on a day, or for results, whatever happens."""
    found = said.find(_CALLS)
    if not found or said.find(_RETURNS) or _CASE.search(CERTAIN_IF.sub("", said.words)):
        return None
    due = said.due()
    if not (due and not _AT_ONCE.search(due)) and not _RESULTS.search(said.words, found.end()):
        return None
    return _task(imperative(said.text[found.start() :]), said, due, "patient")


def _clinician_calls(said: Said) -> Item | None:
    """The clinician promises to get in touch on a day, or with results."""
    found = said.find(_CALLS_PATIENT)
    if not found or _CASE.search(CERTAIN_IF.sub("", said.words)):
        return None
    due = said.due()
    if not due and not _RESULTS.search(said.words, found.end()):
        return None
    return _task(imperative(said.text[found.start() :]), said, due, "clinician")


def _booking(said: Said) -> Item | None:
    found = said.find(_SCHEDULES)
    if not found or ((visit := said.find(_RETURNS)) and visit.lastgroup != "review"):
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
        "commitment": "conditional" if conditional(_OR_SOONER.sub("", said.words)) else "ordered",
        "evidence": [said.quote()],
    }


def _visits_once(visits: list[Item]) -> list[Item]:
    """One visit a time named; mentions without a time only count when no time was named at all."""
    visits = sorted(visits, key=_is_review)
    return _each_once([visit for visit in visits if visit["due"]], _day) or _each_once(
        visits, lambda visit: str(visit["assigned_to"])
    )


def _is_review(visit: Item) -> bool:
    """Whether it only says that something is looked at again, which says less than other words for the visit."""
    return str(visit["description"]).startswith(_VERBS["review"])


def _day(visit: Item) -> str:
    """One key for "in a couple days" and "in two days"."""
    return str(due_date(visit["due"], _ANY_DAY) or visit["due"])


def _what(task: Item) -> str:
    """One key for all calls to the same, however they are put: "ring up reception", "call reception to book"."""
    words = _CALLS_THEM.sub("call ", str(task["description"]).lower())
    return " ".join(words.split()[:2]) if words.startswith("call ") else words


def _each_once(tasks: list[Item], key: Callable[[Item], str] = _what) -> list[Item]:
    """One task a key, with the words of all; what was once said without a condition is not conditional."""
    kept: dict[str, Item] = {}
    for task in tasks:
        first = kept.setdefault(key(task), task)
        if first is not task:
            evidence = [*first["evidence"], *task["evidence"]][:3]
            if first["commitment"] == "conditional" and task["commitment"] == "ordered" and not _is_review(task):
                first.update(task)
            first["evidence"] = evidence
    return list(kept.values())

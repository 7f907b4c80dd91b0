"""Reads what the patient is to do or to watch for: advice for daily life, and when to get in touch."""

import re
from collections.abc import Sequence
from typing import Any

from app.language.drugs import find_drugs
from app.language.procedures import find_procedures
from app.llm.offline.clauses_said import Said
from app.llm.offline.orders import due_of

Item = dict[str, Any]

_CONTACT = re.compile(
    r"\b(?:call (?:me|us|the (?:office|clinic)|911|999|an ambulance|111)|give (?:me|us) (?:a )?(?:call|ring|shout)|let (?:me|us) know|get (?:back )?in (?:touch|contact)|contact (?:me|us)|ring (?:me|us)|phone (?:me|us)"
    r"|go (?:straight )?to (?:the )?(?:a ?and ?e|a&e|e\.? ?r\.?|emergency|hospital|nearest)|send (?:me|us) a (?:message|mychart)|reach out|come (?:back )?(?:in )?(?:and )?see (?:me|us) (?:much )?sooner|come back (?:sooner|if)|seek (?:medical|urgent|immediate)|attend a ?and ?e)\b"
)
_WHEN = re.compile(r"\b(?:if|when|should (?:it|you|that|things)|any (?:problems|issues|questions|changes|worsening|new)|unless|worse)\b")
_POLITE = re.compile(r"\b(?:questions?|concerns?|need anything|hurts?|pain when|what you (?:think|decide)|how (?:it|that|you|your)|if you (?:want|would like|can feel|feel (?:this|that|me)))\b")
_TELLS = re.compile(
    r"(?:\b(?:i (?:really |just |also |do |would |definitely |certainly )*(?:want|need|like|advise|recommend|suggest|encourage) (?:that )?(?:you|her|him)(?: to| should)?|i'd (?:also |really |just )*(?:like|want|recommend|suggest|advise|encourage)(?: that)? (?:you|her|him)(?: to)?"
    r"|(?:i would|i'd|i) (?:recommend|suggest|advise)|(?:i would|i'd) (?:also )?recommend|make sure(?: that)?(?: you(?:'re)?)?(?: to)?|be sure (?:to|you)|you (?:really |just |also |definitely )*(?:should|need to|have to|must|ought to)|you'll (?:want|need|have) to|you're (?:gon ?na|going to) (?:need|have|want) to"
    r"|try (?:to|and|not to)|remember to|do ?n't forget to|it's (?:gon ?na be )?(?:really |very )?important (?:that you|for you to|to)|please|go ahead and|you can|keep|continue (?:to|with|using|doing)|just)\b|^(?:and |so |then |also )*(?=(?:avoid|stay|keep|rest|ice|elevate|drink|limit|cut|watch|quit|stop smoking|wear|weigh|monitor)\b))"
)
_DEED = re.compile(
    r"\b(?P<deed>(?:avoid(?:ing)?|stay(?:ing)? (?:away|off|out|on top|hydrated|active|well)|rest(?:ing)?|ic(?:e|ing)|elevat(?:e|ing)|drink(?:ing)?|hydrate|push(?:ing)? (?:fluids|the fluids)|limit(?:ing)?|cut(?:ting)? (?:down|back|out)|watch(?:ing)? (?:your|out|for|that|the|what)"
    r"|quit(?:ting)?|stop(?:ping)? (?:smoking|drinking|eating|the)|wear(?:ing)?|weigh(?:ing)?|monitor(?:ing)?|keep(?:ing)? (?:track|an eye|up|a|your|the|it|that|moving|doing|active|off|bracing|checking|using|well)|exercis(?:e|ing)|walk(?:ing)?|los(?:e|ing) (?:some )?weight"
    r"|eat(?:ing)?|diet|take (?:it easy|a break|some time off|your blood pressure|your blood sugar)|tak(?:e|ing) (?:it easy|your blood (?:pressure|sugar)s?)|check(?:ing)? (?:your|her|his) (?:blood|sugar|weight|pressure|feet|temperature)\w*|record(?:ing)?|write down|log|elevated|soak|clean|wash(?:ing)?|cover|appl(?:y|ying)"
    r"|moisturi[sz]\w*|stretch(?:ing)?|strengthen\w*|modify|reduce|refrain|lift(?:ing)?|return to (?:work|sport)|isolate|self-isolat\w+|get (?:some |plenty of |enough |adequate )?(?:rest|sleep|exercise|fresh air)|sleep(?:ing)?|brush|floss|use (?:ice|heat|a (?:heating pad|humidifier|brace|splint|sling|cane|walker|spacer)|the (?:brace|splint|sling|boot)|crutches|sunscreen|condoms)"
    r"|bring|report|steam|gargle|put (?:ice|heat|a|your (?:foot|leg|feet))|do (?:your|the|those|some) (?:exercises|stretches)|ski(?:ing)?|run(?:ning)?|play(?:ing)?|strain(?:ing)? your))\b"
)
_NOT_ADVICE = re.compile(
    r"\b(?:deep breath|breathe|squeeze|push (?:against|on|down|up|your)|pull|follow my|close your eyes|raise|lift (?:your|that|it up)|hold (?:still|your|out|on)|tell me|point|look (?:up|at|down|straight)|open (?:your|up|wide)|say ah|sit (?:up|back|down|here)|stand (?:up|here|for)|relax|turn (?:your|to|around)|bend|walk (?:across|for me|over)"
    r"|lay|lie (?:back|down|flat)|wiggle|does (?:it|that|this) hurt|hop (?:up|on)|stick out|swallow for|go (?:ahead and )?(?:take a (?:look|listen)|examine|do (?:a|your) (?:quick )?(?:physical )?exam)|physical exam|have you been|listen to|feel (?:me|this|that)|i'm (?:just )?gon ?na (?:take|check|listen|press|look|push)|show me|for me|the past|wondering|vital signs|talk about|let's go over|walk me)\b"
)
_TAIL = re.compile(r"\s(?:because|so that|okay|ok|alright|all right|you know|does that|right|cause|since)\b|[.?!;]|,\s(?:okay|ok|right)\b")
_LIFESTYLE = re.compile(r"\b(?:eat|diet|drink|exercise|walk|smok|alcohol|weight|salt|sodium|sugar|sleep|rest|stress|coffee|caffeine|carb|food|fluid|hydrat|run|ski|sport|lift|avoid|stay|ice|elevat|moistur|activ)")


def read_patient_reminders(visit: Sequence[Said]) -> list[Item]:
    """Reminders as raw items, each once, in the order said."""
    reminders: list[Item] = []
    for said in visit:
        if said.by_clinician and not _NOT_ADVICE.search(said.words):
            reminder = _contact(said, visit) or _deed(said)
            if reminder:
                reminders.append(reminder)
    return _each_once(reminders)


def _contact(said: Said, visit: Sequence[Said]) -> Item | None:
    """When to get in touch: the sign to watch for stands in the clause, or in the one before."""
    found = _CONTACT.search(said.words)
    if not found or said.asks or _POLITE.search(said.words):
        return None
    before = visit[said.at - 1] if said.at else None
    if _WHEN.search(said.words):
        return _reminder("other", _imperative(said.text, 0), said, "conditional", [said])
    if before and before.turn == said.turn and _WHEN.search(before.words):
        return _reminder("other", f"{_imperative(said.text, found.start())} {before.text}", said, "conditional", [before, said])
    return None


def _deed(said: Said) -> Item | None:
    told = _TELLS.search(said.words)
    deed = _DEED.search(said.words, told.start()) if told else None
    if not told or not deed or said.asks:
        return None
    if deed.start() - told.end() > 25 or _belongs_elsewhere(said, deed.end()):
        return None
    start = deed.start() if not re.search(r"\b(?:not|n't)\b", said.words[told.start() : deed.start()]) else told.end()
    kind = "lifestyle" if _LIFESTYLE.search(said.words) else "other"
    return _reminder(kind, _imperative(said.text, start), said, "recommended", [said])


def _belongs_elsewhere(said: Said, after: int) -> bool:
    """Medicines have a list of their own, and so have tests and visits."""
    drugs = [drug for drug in find_drugs(said.text) if drug.start < after + 25]
    return bool(drugs) or any(procedure.kind != "procedure" for procedure in find_procedures(said.words))


def _imperative(text: str, start: int) -> str:
    rest = text[start:]
    end = _TAIL.search(rest.lower(), 12)
    words = " ".join((rest[: end.start()] if end else rest).split()[:18]).strip(" ,.")
    return words[:1].upper() + words[1:]


def _reminder(kind: str, description: str, said: Said, commitment: str, proof: list[Said]) -> Item:
    return {
        "reminder_type": kind,
        "description": description,
        "due": due_of(said),
        "priority": "medium",
        "commitment": commitment,
        "evidence": [each.quote() for each in proof],
    }


def _each_once(reminders: list[Item]) -> list[Item]:
    return list({reminder["description"].lower(): reminder for reminder in reversed(reminders)}.values())[::-1]

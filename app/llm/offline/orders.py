"""Reads what the clinician has to do: tests to order, treatments, referrals, prescriptions to write, papers."""

import re
from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

from app.findings import Commitment
from app.language.numbers import is_correction
from app.language.procedures import Procedure, find_procedures
from app.llm.offline.clauses_said import Said
from app.llm.offline.excerpt import Excerpt
from app.llm.offline.indications import Indications
from app.llm.offline.intent import plan_of
from app.llm.offline.phrase_lists import phrases
from app.llm.offline.prescriptions import is_unnamed, papers, prescriptions
from app.llm.offline.reasons import reason_of
from app.llm.offline.replies import declined

Item = dict[str, Any]

_BEFORE_NAME = re.compile(
    r"(?:\b(?:left|right|bilateral|lateral|both|lower|upper|low|lumbar|cervical|thoracic|spine|knee|ankle|foot|feet"
    r"|shoulder|hip|back|chest|neck"
    r"|brain|head|abdomen|abdominal|renal|kidney|liver|pelvic|pelvis|heart|cardiac|carotid|thyroid|wrist|hand|elbow"
    r"|finger|toe|leg|arm|sinus|breast"
    r"|fasting|rapid|urine|blood|stool|venous|arterial|lateral|24-hour|twenty four hour|routine|general|diagnostic"
    r"|screening|repeat|follow-?up"
    r"|general set of|set of|nuclear|diabetic|annual|yearly)[ -]+)+$"
)
_AFTER_NAME = re.compile(
    r"^(?: scan| test| tests| panel| level| levels| study| series)?(?: (?:of|on|for) (?:your|the|that|his|her|both"
    r"|my) (?:[\w'-]+ ){0,3}?"
    r"(?:spine|knees?|ankles?|foot|feet|shoulders?|hips?|back|chest|neck|brain|head|abdomen|belly|stomach|pelvis"
    r"|heart|wrists?|hands?|elbows?|fingers?|toes?"
    r"|legs?|arms?|sinuses|breasts?|kidneys?|liver|lungs?|thyroid|thyroxine|bladder|prostate|jaw|face|skin|eyes?)\b)?"
)
_WORN = re.compile(r"\b(?:wear|use|using|wearing|keep|that) (?:a |an |the |your |some |those )*$")
_MEASURABLE = re.compile(
    r"(?:function|acid(?: levels?)?|enzymes|creatinine|potassium levels?"
    r"|cholesterol levels?|blood cells)$"
)
_MEASURES = re.compile(
    r"\b(?:check|recheck|order|test|get|measure|repeat|obtain|monitor|draw|run|do|include|including|add|some"
    r"|see|look at)\b(?: [\w'-]+,?){0,5} $"
)
_ARTICLE = re.compile(r"(?:\b(?:an?|the|some|your)\s*)$")
_AGAIN = re.compile(r"\b(?:repeat|recheck|re-check|another|again)\b")
_UNCOUNTED = re.compile(
    r"(?<!s)s$|^(?:the|some)\b|work$|\b(?:testing|imaging|function|enzymes|therapy|surgery|acid|blood sugar"
    r"|angiography|elastography)$|tests of|levels of"
)
_REFERS = phrases("orders", "refers")
_REFERRAL_AFTER = re.compile(r"\s(?:referral|consult|appointment|clinic referral)\b")
_REFERS_NEXT = re.compile(r"\b(?:(?:refer|send) you(?: there| to them)?|(?:a|the|that|your) referral)\W*$")
_MOST_QUOTES = 3
_UMBRELLAS = ("blood test", "swab")
_KNOWN_ALREADY = re.compile(r"\b(?:your|my|his|her|the)\s*$")
_SENT_THERE = re.compile(r"\brefer|\bappointment with|\bhave you see|\bsend you|\bget you|\bbooked you in")


def read_clinician_todos(visit: Excerpt, indications: Indications) -> list[Item]:
    """To-dos as raw items, each thing once, in the order first said."""
    todos: list[Item] = []
    for said in visit:
        if said.by_clinician:
            todos += _tests_and_referrals(said, visit, indications)
            todos += prescriptions(said, visit)
            todos += papers(said)
    return _with_names(_without_umbrellas(_each_once(todos)))


def _tests_and_referrals(said: Said, visit: Excerpt, indications: Indications) -> list[Item]:
    todos: list[Item] = []
    procedures = said.procedures()
    for procedure, following in zip_longest(procedures, procedures[1:]):
        if following and _taken_back(said.words, procedure, following):
            continue
        commitment = plan_of(said, procedure.start, procedure.end, visit)
        if not commitment or _only_spoken_of(said.words, procedure):
            continue
        if declined(said, visit, procedure.name):
            commitment = "declined"
        if procedure.kind == "referral":
            todos += _referral(said, procedure, commitment, indications, visit)
        else:
            todos.append(_test(said, procedure, commitment, indications))
    return todos


def _only_spoken_of(words: str, procedure: Procedure) -> bool:
    """A brace that is worn is no treatment to arrange; "your kidney function" is a test only where it is measured."""
    if procedure.kind == "treatment":
        return bool(_WORN.search(words, 0, procedure.start))
    measurable = _MEASURABLE.search(words, procedure.start, procedure.end)
    return bool(measurable) and not _MEASURES.search(words, 0, procedure.start)


def _taken_back(words: str, procedure: Procedure, following: Procedure) -> bool:
    """Whether the speaker means the second: "an x-ray, no, an MRI"."""
    between = _ARTICLE.sub("", words[: following.start])
    return is_correction(words, procedure.end, len(between))


def _test(said: Said, procedure: Procedure, commitment: Commitment, indications: Indications) -> Item:
    before = _BEFORE_NAME.search(said.words, 0, procedure.start)
    after = _AFTER_NAME.match(said.words[procedure.end :])
    start = before.start() if before else procedure.start
    end = procedure.end + (after.end() if after else 0)
    name = re.sub(r"\b(?:your|my|his|her|that|this)\b", "the", said.text[start:end])
    name = re.sub(r"^(?:repeat|another) ", "", name)
    verb = "Arrange" if procedure.kind == "treatment" else "Repeat" if _AGAIN.search(said.words[:start]) else "Order"
    article = "the " if verb == "Repeat" else _article(name.lower())
    return {
        "task_type": "other" if procedure.kind == "treatment" else "test_order",
        "description": f"{verb} {article}{name}",
        "reason": reason_of(procedure.name, said, end, indications),
        "due": said.due(),
        "priority": "medium",
        "commitment": commitment,
        "evidence": [said.quote()],
        "name": procedure.name,
    }


def _article(name: str) -> str:
    if _UNCOUNTED.search(name):
        return ""
    return "an " if re.match(r"[aeio]|ul|m(?:ri|ra)\b|x|h(?:cv|iv)|fbc\b", name) else "a "


def _clinician_article(name: str) -> str:
    if not re.search(r"(?:ist|ian|or|er|eon|doctor|consult|specialist|clinic)$", name):
        return ""
    return "an " if name[0] in "aeo" else "a "


def _referral(
    said: Said, procedure: Procedure, commitment: Commitment, indications: Indications, visit: Excerpt
) -> list[Item]:
    before = said.words[: procedure.start]
    named_as_referral = _REFERRAL_AFTER.match(said.words, procedure.end) or _sent_next(said, visit)
    if procedure.name == "emergency department" or not (_REFERS.search(before) or named_as_referral):
        return []
    name = said.text[procedure.start : procedure.end]
    sent = _SENT_THERE.search(before) or named_as_referral
    if not sent and (_KNOWN_ALREADY.search(before) or procedure.name == "specialist"):
        return []
    return [
        {
            "task_type": "referral",
            "description": f"Refer to {_clinician_article(name.lower())}{name}",
            "reason": reason_of(procedure.name, said, procedure.end, indications),
            "due": said.due(),
            "priority": "medium",
            "commitment": commitment,
            "evidence": [said.quote()],
            "name": procedure.name,
        }
    ]


def _sent_next(said: Said, visit: Excerpt) -> bool:
    """Whether the next clause of the turn refers: "you'll need physiotherapy, so I'll refer you"."""
    return any(_REFERS_NEXT.search(other.words) for other in visit.behind_in_turn(said, 1))


def _each_once(todos: list[Item]) -> list[Item]:
    kept: dict[tuple[str, str], Item] = {}
    for todo in todos:
        key = (todo["task_type"], todo.pop("name"))
        if key not in kept:
            kept[key] = todo
        else:
            _join(kept[key], todo)
    return list(kept.values())


def _without_umbrellas(todos: list[Item]) -> list[Item]:
    """Drops "some blood tests" and "a swab" where the very test is named in the same turn."""
    named = _turns_of(todo for todo in todos if _is_lab(todo) and not _is_umbrella(todo))
    return [todo for todo in todos if not (_is_umbrella(todo) and _turns_of([todo]) & named)]


def _with_names(todos: list[Item]) -> list[Item]:
    """Leaves out what is prescribed as "it" where the same turn names it; that to-do takes over the quote."""
    kept = [todo for todo in todos if not is_unnamed(todo)]
    for todo in todos:
        named = [other for other in kept if other["task_type"] == "prescription" and _share_a_turn(other, todo)]
        if is_unnamed(todo) and named:
            named[0]["evidence"] = (named[0]["evidence"] + todo["evidence"])[:_MOST_QUOTES]
        elif is_unnamed(todo):
            kept.append(todo)
    return kept


def _share_a_turn(first: Item, second: Item) -> bool:
    return bool(_turns_of([first]) & _turns_of([second]))


def _turns_of(todos: Iterable[Item]) -> set[int]:
    return {quote["turn"] for todo in todos for quote in todo["evidence"]}


def _is_lab(todo: Item) -> bool:
    return todo["task_type"] == "test_order" and any(one.kind == "lab" for one in find_procedures(todo["description"]))


def _is_umbrella(todo: Item) -> bool:
    return todo["task_type"] == "test_order" and any(
        one.name in _UMBRELLAS for one in find_procedures(todo["description"])
    )


def _join(first: Item, again: Item) -> None:
    """Adds a second mention: its quote, and what the first did not tell. A firm word outweighs a conditional one."""
    if first["commitment"] == "conditional" and again["commitment"] in ("ordered", "recommended"):
        first.update(commitment=again["commitment"], description=again["description"], evidence=again["evidence"])
    elif len(first["evidence"]) < 2 and again["evidence"][0] not in first["evidence"]:
        first["evidence"] = first["evidence"] + again["evidence"]
    if len(again["description"].split()) > len(first["description"].split()):
        first["description"] = again["description"]
    if again["commitment"] == "declined":
        first["commitment"] = "declined"
    first["due"] = first["due"] or again["due"]
    first["reason"] = first["reason"] or again["reason"]

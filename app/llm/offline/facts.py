"""Reads the clinical facts of a visit: problems with their assertion, and allergies with the reaction."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.findings import Assertion
from app.language.drugs import find_drugs
from app.language.problems import ProblemMention, find_problems, problem_names
from app.language.turns import Role
from app.llm.offline.clauses_said import Said
from app.llm.offline.hearing import Heard
from app.llm.offline.phrase_lists import CUES, phrases
from app.llm.offline.problem_answers import NO, answered_assertion, says_yes
from app.llm.offline.reactions import REACTION, REACTS, SUBSTANCES, tells_reaction
from app.llm.offline.tidy import tidy
from app.llm.offline.visit import SpokenTurn

Item = dict[str, Any]

_NAMES_A_PROBLEM = CUES.add_words(problem_names())
_RELATIVE = phrases("facts", "relative")
# Behind one of these a negation of before no longer holds.
_TURNS = re.compile(r"\b(?:but|however|although|except(?: for)?|apart from|other than|though|besides)\b")
_ABSENT = phrases(
    "facts",
    "absent",
    behind=r"(?!\s+(?:only|sure|certain|controlled|well|improving|better|getting better|going away))[^.?!]*$",
)
_POSSIBLE = phrases("facts", "possible", behind=r"[^.?!]*$")
_HISTORICAL = phrases("facts", "historical", behind=r"[^.?!]*$")
_NOT_SAID_OF_PATIENT = phrases("facts", "not_said_of_patient", behind=r"[^.?!]*$")
_QUESTION = phrases("facts", "question", behind=r"[^.!?]*$")
# "You have high cholesterol, right": a statement that asks.
_TAG = re.compile(r"(?:\?|\b(?:right|correct|is that right|yeah|yes|am i right))\W*$")
_MYSELF = re.compile(r"^\W*(?:(?:yes|well|um|uh)\W+)*(?:i (?:do|have|am)\b(?! ?n[o']t)|me\b|myself)")
_RISKS = re.compile(r"\b(?:risks?(?! factors?)|complications?|side effects)\b")
_HE = re.compile(r"\b(?:he|she|they|his|her|their)\b")
_NEGATED_BEHIND = re.compile(
    r"^[\s,]*(?:is|are|was|has been|have|seems to be)? ?(?:negative|resolved|gone|absent|ruled out|went away"
    r"|denied)\b"
)
_HISTORICAL_BEHIND = CUES.add(
    re.compile(
        r"^(?:\W*\w+){0,4}?\W*(?:as a (?:kid|child|teenager|baby)|when i was|years ago|in the past"
        r"|in my (?:twenties|thirties|teens|childhood)|back in \d"
        r"|as a (?:little|young)|as (?:kids|children|a student)"
        r"|in (?:my|his|her) (?:teens|\w+ties|childhood|youth|school)"
        r"|back in (?:january|february|march|april|may|june|july|august|september|october|november|december|college"
        r"|school|the)"
        r"|(?:years|decades|ages|a (?:long )?while) (?:ago|back)"
        r"|(?:stopped|cleared(?: up)?|went away) (?:when|after|years|last)"
        r"|but (?:that|it)(?:'s)? (?:was|cleared|went|gone|got better|resolved|stopped|healed|all)"
        r"|which (?:cleared|went|resolved)"
        r"|last (?:year|summer|winter)|but that was|a long time ago)\b"
    )
)
_RISK_BEHIND = re.compile(
    r"^[\s,]*(?:medic\w+|pills?|tablets?|specialist|clinic|screening|vaccine|risk|test|doctor|drops|regimen"
    r"|cuff|is under|control|rates?)\b"
)

_ALLERGY = CUES.add(phrases("facts", "allergy"))
_NO_ALLERGY = re.compile(r"\b(?:no|not|never|without|denies|aren't|don't)\b|n't\b")
_IT = re.compile(r"\s*(?:it|that|them|those|this)\b")
_ALLERGIC_REACTION = re.compile(r"\b(?:hives|rash|anaphyla|swell|swollen|itch|wheez|welts|throat clos|blister)")
_ASKS = re.compile(r"\b(?:any|do you|are you|have you|does|is (?:he|she)|what)\b")
_FOR = re.compile(r"\b(?:for|with|about)(?: (?:my|your|his|her|the|seasonal|nasal))?\s*$")


# How far, in characters, words bear on a name; a clause without any mark may be as long as the visit.
_FARTHEST = 250


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A clause with its turn, the plain words of that, who speaks, the turn before, and the answer of the next turn,
    where the clause ends its own turn.
    """

    turn: SpokenTurn
    spoken: str
    role: Role | None
    said: Said
    reply: str
    question: str


def read_problems(heard: Heard) -> list[Item]:
    """Items of `findings.Problem`, one a problem: the strongest assertion that was made of it in the visit."""
    best: dict[str, tuple[int, Item]] = {}
    for sentence in _sentences(heard, list(map(_names_a_problem, heard.words, heard.marks))):
        words = sentence.said.words
        for problem in find_problems(words) if sentence.said.marks & _NAMES_A_PROBLEM else ():
            assertion = _assertion(problem, sentence)
            if assertion:
                rank = _RANK.index(assertion)
                if problem.name not in best or rank < best[problem.name][0]:
                    best[problem.name] = rank, _problem(problem, assertion, sentence)
    return [item for _, item in best.values()]


def _names_a_problem(words: str, marks: int) -> bool:
    return bool(marks & _NAMES_A_PROBLEM and find_problems(words))


def read_allergies(heard: Heard) -> list[Item]:
    """Items of `findings.Allergy`; that there are none is no item."""
    found: dict[str, Item] = {}
    asked_in = 0
    for sentence in _sentences(heard, list(map(_is_about_allergies, heard.words, heard.marks))):
        text = sentence.said.words
        cue = sentence.said.find(_ALLERGY)
        around = max(0, cue.start() - _FARTHEST) if cue else 0
        text = text[around : around + 2 * _FARTHEST]
        cue = _ALLERGY.search(text, sentence.said.marks)
        if cue and sentence.role != "patient" and _ASKS.search(text[: cue.end()]):
            asked_in = sentence.turn.number
            substances = _substances(text, cue) if says_yes(sentence.reply) else []
        elif cue:
            substances = _substances(text, cue)
        elif sentence.turn.number == asked_in + 1:
            substances = _named_in_answer(text)
        else:
            substances = _not_tolerated(text, sentence)
        for substance in substances:
            found.setdefault(substance, _allergy(substance, text, sentence))
    return list(found.values())


_RANK: tuple[Assertion, ...] = ("present", "possible", "historical", "family", "absent")


def _sentences(heard: Heard, wanted: Sequence[bool]) -> Iterator[_Sentence]:
    """The clauses of the turns that are wanted, and of those that answer them."""
    words = [*heard.words, ""]
    for at, turn in enumerate(heard.turns):
        if not wanted[at] and not (at and wanted[at - 1]):
            continue
        clauses, asked = heard.said_in(at), words[at - 1] if at else ""
        for n, said in enumerate(clauses):
            answer = words[at + 1] if n >= len(clauses) - 2 else ""
            yield _Sentence(turn, words[at], heard.roles[at], said, answer, asked)


def _problem(problem: ProblemMention, assertion: Assertion, sentence: _Sentence) -> Item:
    return {
        "name": problem.name,
        "assertion": assertion,
        "commitment": "continuing" if assertion in ("present", "possible") else "historical",
        "evidence": _evidence(sentence, problem.start, problem.end),
    }


def _assertion(problem: ProblemMention, sentence: _Sentence) -> Assertion | None:
    """What the clause, and the answer to it, say of the problem; None when they say nothing of this patient."""
    text = sentence.said.words
    before = tidy(text[max(0, problem.start - _FARTHEST) : problem.start])
    after = tidy(text[problem.end : problem.end + _FARTHEST])
    earlier = _earlier(problem, sentence)
    if sentence.role != "patient" and _RISKS.search(earlier):
        return None
    of_family = _RELATIVE.search(before) or _RELATIVE.search(after[:40]) or _is_of_relative(before, earlier, sentence)
    if sentence.role != "patient" and _is_asked(before, after):
        answer = answered_assertion(sentence.reply, problem, bool(_ABSENT.search(before)))
        return _of_family(answer, sentence.reply) if of_family else _in_time(answer, before, sentence.reply)
    if tells_reaction(text, sentence.question if sentence.role == "patient" else ""):
        return None
    if of_family:
        return None if _ABSENT.search(before) else "family"
    if _NOT_SAID_OF_PATIENT.search(before) or _RISK_BEHIND.match(after):
        return None
    return _stated(_TURNS.split(before)[-1], after)


def _is_asked(before: str, after: str) -> bool:
    """A negation in a clause that is no question states: "I do n't see any fracture"."""
    return bool(_TAG.search(after)) or bool(_QUESTION.search(before) and not _ABSENT.search(before))


def _earlier(problem: ProblemMention, sentence: _Sentence) -> str:
    """The words of the turn before the clause of the problem, which tell whom and what it is about."""
    end = sentence.said.start
    return sentence.spoken[max(0, end + problem.start - _FARTHEST) : end]


def _is_of_relative(before: str, earlier: str, sentence: _Sentence) -> bool:
    """The "he" of a patient who has just spoken of the father is the father."""
    return sentence.role == "patient" and bool(_HE.search(before)) and bool(_RELATIVE.search(earlier))


def _of_family(answer: Assertion | None, reply: str) -> Assertion | None:
    """To "does anyone in the family have it" the patient may answer "I do"."""
    if _MYSELF.match(reply):
        return "present"
    return "family" if answer == "present" else None


def _in_time(answer: Assertion | None, before: str, reply: str) -> Assertion | None:
    over = _HISTORICAL.search(before) or _is_over(reply)
    return "historical" if answer == "present" and over else answer


def _is_over(words: str) -> bool:
    return _HISTORICAL_BEHIND.match(words, CUES.marks(words)) is not None


def _stated(before: str, after: str) -> Assertion:
    if _ABSENT.search(before) or _NEGATED_BEHIND.match(after):
        return "absent"
    if _HISTORICAL.search(before) or _is_over(after):
        return "historical"
    return "possible" if _POSSIBLE.search(before) else "present"


def _is_about_allergies(words: str, marks: int) -> bool:
    return bool(_ALLERGY.search(words, marks) or REACTS.search(words, marks))


def _substances(text: str, cue: re.Match[str]) -> list[str]:
    """What an allergy cue is about: named behind "allergic to" or before "allergy"; not "claritin for allergies"."""
    before = text[: cue.start()]
    if cue[0].startswith("can") and not (REACTION.search(text, cue.end()) or "allerg" in text[cue.end() :]):
        return []
    if _NO_ALLERGY.search(before) or _RELATIVE.search(before) or _FOR.search(before):
        return []
    behind = _named_in_answer(text[cue.end() :])
    if not behind and _IT.match(text, cue.end()):
        return _named_in_answer(before)
    return behind or (_named_in_answer(" ".join(before.split()[-3:])) if cue[0] in ("allergy", "allergies") else [])


def _not_tolerated(text: str, sentence: _Sentence) -> list[str]:
    """What the patient says brings out a reaction, without a word of allergy: "penicillin gives me hives"."""
    if (
        sentence.role == "clinician"
        or not REACTS.search(text, sentence.said.marks)
        or not _ALLERGIC_REACTION.search(text)
    ):
        return []
    return [] if _RELATIVE.search(text) or _NO_ALLERGY.search(text) else _named_in_answer(text)


def _named_in_answer(text: str) -> list[str]:
    if NO.match(text):
        return []
    drugs = [drug.name for drug in find_drugs(text) if "allerg" not in drug.name]
    return list(dict.fromkeys([*drugs, *(match[0] for match in SUBSTANCES.finditer(text))]))


def _allergy(substance: str, text: str, sentence: _Sentence) -> Item:
    reaction = REACTION.search(text)
    start = max(0, sentence.said.words.find(substance))
    return {
        "substance": substance,
        "reaction": reaction["reaction"] if reaction else None,
        "commitment": "continuing",
        "evidence": _evidence(sentence, start, start + len(substance)),
    }


def _evidence(sentence: _Sentence, start: int, end: int) -> list[Item]:
    """The clause, or of a very long one the part around the name at `start:end`."""
    quote = sentence.said.text[max(0, start - _FARTHEST) : end + _FARTHEST].strip()
    return [{"turn": sentence.turn.number, "quote": quote}]

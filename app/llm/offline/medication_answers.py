"""Settles mentions of medicines by the turns around them: answers, refusals, and orders that only say "it"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from app.language.clauses import Clause, split_clauses
from app.language.plain import plain
from app.language.turns import Role
from app.llm.offline.medication_phrases import Act
from app.llm.offline.mention import Mention
from app.llm.offline.phrase_lists import phrases
from app.llm.offline.replies import is_turned_down
from app.llm.offline.tidy import tidy
from app.llm.offline.visit import SpokenTurn

_YES = re.compile(
    r"^\W*(?:oh |well |um+ |uh |,)*(?:yes|yeah|yep|yup|mm-hmm|correct|right|i am|i do|i have|still|every ?day"
    r"|uh-huh|sure|absolutely|of course|you can|definitely|that's fine|that's right|that's fine|that would be"
    r"|fine|sounds (?:good|great|fine)|ok(?:ay)?|exactly|twice|once)\b"
)
_NO = re.compile(
    r"^\W*(?:oh |well |um+ |uh |,)*(?:no|nope|nah|not|i don't|i do n't|i haven't|i have n't|never|neither"
    r"|i'm not|none|i stopped|i would n't|i wouldn't)\b"
)
_ABOUT_MEDICINES = re.compile(
    r"\b(?:medic\w+|tak(?:e|en|ing)|tablets?|pills?|inhalers?|prescri\w+|tried|drugs?|name of|called"
    r"|supplements?|on anything)\b"
)
_ABOUT_THE_PAST = re.compile(
    r"\b(?:have you (?:\w+ )?(?:taken|tried|used)|did you|anything (?:for|to help)|tried|help(?:s|ed)?"
    r"|make it (?:better|worse))\b"
)
# Other medicines ("it"), joining words and doses between a cue and the name do not part them.
_OFFERED = ("start", "change", "conditional", "asked", "present")
_OFFER = re.compile(
    r"\b(?:feel about|think about|think of|how about|open|willing|interested|keen|happy|agreeable|do you want"
    r"|do you like|would you)\b"
)
_ALLERGIES = re.compile(r"\ballerg")
# What the next speaker says of the medicine just named, without naming it.
_FOLLOW_UP = re.compile(
    r"\b(?:(?P<stop>(?:stop|discontinue|come off|hold)(?: taking| using)?)|(?P<continue>continue"
    r"|keep(?: on)?(?: taking| using| doing| up)?|carry on|stay on|stick with"
    r"|continue taking|keep going|keep on)|(?P<change>increase|decrease|double|reduce|lower|halve"
    r"|bump up))(?: on| with)? (?:it|that|this|them|those|the same)\b"
)
_REFUSAL = phrases("medication_answers", "refusal")


# A refusal in the next turn is of what stood this near, in characters, to the end of its turn.
_FARTHEST = 220
_FIRST_CLAUSES = 3


def answered(mention: Mention, turns: Sequence[SpokenTurn]) -> Mention:
    """Questions settled by the answer of the next turn, and bare names by the question of the turn before."""
    if mention.act == "asked":
        return replace(mention, act=_by_answer(mention, turns))
    if mention.act == "present" and mention.role == "clinician" and _said_no(mention, turns):
        return replace(mention, act="past")
    if mention.act is None and mention.role != "clinician" and mention.index:
        question = plain(turns[mention.index - 1].text[-200:])
        if _ALLERGIES.search(question):
            return replace(mention, act="allergy")
        if _ABOUT_THE_PAST.search(question):
            return replace(mention, act="past")
        if _ABOUT_MEDICINES.search(question):
            return replace(mention, act="present")
    return mention


def followed_up(
    mention: Mention, named: Mapping[int, set[str]], turns: Sequence[SpokenTurn], roles: Sequence[Role | None]
) -> Mention:
    """What the next turns make of the mention: the patient refuses, or the clinician says to keep or stop "it".

    `named`: index of a turn -> canonical names of the medicines named in it.
    """
    if mention.role != "patient" and mention.act in _OFFERED and _is_refused(mention, turns, roles):
        return replace(mention, act="refused")
    if mention.act not in ("present", "past", "asked", None):
        return mention
    alone = {mention.drug.canonical}
    for index in range(mention.index + 1, min(mention.index + 3, len(turns))):
        if named.get(index, alone) != alone or named[mention.index] != alone:
            return mention
        settled = _settled(turns[index].text) if roles[index] != "patient" else None
        if settled:
            said, clause = settled
            place = (index, clause.start, clause.end)
            return replace(mention, act=cast(Act, said.lastgroup), cue=said[0], role="clinician", settled=place)
    return mention


def _settled(text: str) -> tuple[re.Match[str], Clause] | None:
    """What the opening of a turn does with "it", and the clause that says so."""
    for clause in split_clauses(text)[:_FIRST_CLAUSES]:
        said = _FOLLOW_UP.search(tidy(plain(text[clause.start : clause.end]))[:120])
        if said:
            return said, clause
    return None


def _is_refused(mention: Mention, turns: Sequence[SpokenTurn], roles: Sequence[Role | None]) -> bool:
    """A refusal in the next turn is of what the turn ended with, not of what came long before its end."""
    at = mention.index + 1
    if at >= len(turns) or roles[at] == "clinician" or len(turns[mention.index].text) - mention.drug.end > _FARTHEST:
        return False
    since = plain(turns[mention.index].text[mention.drug.end :])
    return is_turned_down(since, plain(turns[at].text), plain(turns[at + 1].text) if at + 1 < len(turns) else "")


def _by_answer(mention: Mention, turns: Sequence[SpokenTurn]) -> Act | None:
    answer = plain(turns[mention.index + 1].text) if mention.index + 1 < len(turns) else ""
    if "avoid" in mention.cue or "away" in mention.cue:
        return None
    if "refill" in mention.cue or "renew" in mention.cue:
        return "continue" if _YES.match(answer) else None
    if _OFFER.search(mention.cue):
        return (
            "start" if _YES.match(answer) else "refused" if _NO.match(answer) or _REFUSAL.search(tidy(answer)) else None
        )
    if _YES.match(answer):
        if mention.role == "clinician":
            return "past" if re.search(r"\b(?:tried|did you)\b", mention.cue) else "present"
        return "start"
    if _NO.match(answer):
        return "past" if mention.role == "clinician" else "unneeded"
    return None


def _said_no(mention: Mention, turns: Sequence[SpokenTurn]) -> bool:
    if mention.index + 1 >= len(turns):
        return False
    answer = plain(turns[mention.index + 1].text)
    return bool(_NO.match(answer)) and bool(
        re.search(r"\b(?:stop|quit|off|any ?more|ran out|not taking|n't tak)", answer)
    )

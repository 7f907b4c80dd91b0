"""Reads each mention of a medicine: who speaks, and what the words around it do with the medicine."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.language.drugs import Drug, find_drugs
from app.language.plain import plain
from app.language.turns import Role
from app.llm.offline.medication_cues import (
    AFTER,
    AS_NEEDED_IF,
    CUES,
    FOLLOW_UP,
    IF,
    REFUSAL,
    Act,
    is_another_persons,
    is_refusal,
    tidy,
)
from app.llm.offline.speakers import inferred_roles
from app.llm.offline.visit import SpokenTurn

_SENTENCE_END = re.compile(r"(?<!\bdr)(?<!\bmr)(?<!\bmrs)[.?!](?=\s|$)(?!\s*(?:\d|five\b))")
_YES = re.compile(
    r"^\W*(?:oh |well |um+ |uh |,)*(?:yes|yeah|yep|yup|mm-hmm|correct|right|i am|i do|i have|still|every ?day|uh-huh|sure|absolutely|of course|you can|definitely|that's fine|that's right|that's fine|that would be|fine|sounds (?:good|great|fine)|ok(?:ay)?|exactly|twice|once)\b"
)
_NO = re.compile(
    r"^\W*(?:oh |well |um+ |uh |,)*(?:no|nope|nah|not|i don't|i do n't|i haven't|i have n't|never|neither|i'm not|none|i stopped|i would n't|i wouldn't)\b"
)
_ABOUT_MEDICINES = re.compile(
    r"\b(?:medic\w+|tak(?:e|en|ing)|tablets?|pills?|inhalers?|prescri\w+|tried|drugs?|name of|called|supplements?|on anything)\b"
)
_ABOUT_THE_PAST = re.compile(
    r"\b(?:have you (?:\w+ )?(?:taken|tried|used)|did you|anything (?:for|to help)|tried|help(?:s|ed)?|make it (?:better|worse))\b"
)
# Other medicines ("it"), joining words and doses between a cue and the name do not part them.
_LISTED = re.compile(
    r"\b(?:it|and|or|the|a|an|your|my|some|of|plus|as well(?: as)?|milligrams?|mg|twice|once|daily|times|day|\d[\d.]*|one|two|three|four|five"
    r"|six|eight|ten|twelve|twenty|thirty|forty|fifty|sixty|eighty|hundred|thousand)\b"
)
_JOINS = re.compile(
    r"(?:[^.?!]|\.(?=\s*(?:and|as well|plus|also|\d)))*?(?:\b(?:and|plus|as well|or|also|with)\b|,)[^.?!]*"
)
_DOSED = re.compile(
    r"^ ?(?:\S+ ){0,8}?(?:milligrams?|mg|mcg|micrograms?|tablets?|puffs?|units|every|each|once|twice|times a day|capsules?|drops|daily|(?:days?|weeks?)(?! ago)|at bedtime|nightly)\b"
)
_OFFERED = ("start", "change", "conditional", "asked", "present")
_OFFER = re.compile(
    r"\b(?:feel about|think about|think of|how about|open|willing|interested|keen|happy|agreeable|do you want|do you like|would you)\b"
)
_ALLERGIES = re.compile(r"\ballerg")
_THEN = re.compile(
    r"\bif (?:that|this|it|they|things|those|the \w+|symptoms|you)(?: \w+)? ?(?:don't|doesn't|isn't|aren't|didn't|fails?|gets? worse|comes? back|persists?|continues?|worsens?|not (?:help|work|improv|get)\w*)"
)

_NEXT_THING = re.compile(
    r"\b(?:or|plus|instead|stop|as well as|and (?:then )?(?:i|we|you|also|the|some|a)|also|but|not)\b"
)
_TAKEN_BACK = re.compile(
    r"[\s,.;-]*(?:(?:uh|um|er|no|oh|wait|well)[\s,.;-]+)*(?:sorry|i'?m sorry|i mean|i meant|correction|scratch that|rather|actually(?: no)?|my mistake"
    r"|let me correct that|strike that|excuse me)[\s,.;-]+(?:(?:uh|um|the|it's|i mean|make that|no)[\s,.;-]+)*"
)
_WHICH_IS = re.compile(
    r"[\s,]*(?:(?:which|that|this|it)(?:'s| is| are)|is|as|like|for|or)?(?: (?:a|an|the|your|that|some|called|known as|basically|just|kind of|uh|um))*\s*"
)

_FARTHEST = 220
_LONGEST_EXPLANATION = 70
_LONGEST_JOIN = 70
_WORDS_BETWEEN = 8
_WORDS_OF_CONDITION = 16


@dataclass(frozen=True, slots=True)
class Mention:
    """One mention: `index` of its turn in the list, the drug, who speaks, what is done with it, by which phrase.

    `dosed`: a dose or rhythm follows at once.
    """

    index: int
    drug: Drug
    role: Role | None
    act: Act | None
    cue: str = ""
    dosed: bool = False


def read_mentions(turns: Sequence[SpokenTurn]) -> list[Mention]:
    """All mentions of a visit in order, those of other people's medicines left out."""
    roles = inferred_roles(turns)
    mentions: list[Mention] = []
    for index, turn in enumerate(turns):
        drugs = find_drugs(turn.text)
        if drugs:
            words = plain(turn.text)
            drugs = [drug for at, drug in enumerate(drugs) if not _is_explained(words, drugs, at)]
            drugs = [drug for at, drug in enumerate(drugs) if not _is_taken_back(words, drugs, at)]
            read = [_read(index, words, drugs, at, roles[index]) for at in range(len(drugs))]
            mentions += [_answered(mention, turns) for mention in _inheriting(words, read)]
    return [_followed_up(mention, mentions, turns, roles) for mention in mentions]


def _read(index: int, words: str, drugs: list[Drug], at: int, role: Role | None) -> Mention | None:
    drug = drugs[at]
    before, after = _before(words, drugs, at), _after(words, drugs, at)
    if is_another_persons(before):
        return None
    act, cue = _act_before(before)
    act, cue = _act_after(after, act, cue, role)
    if act in (None, "start", "change", "continue", "stop") and _is_conditional(before, after):
        act = "conditional"
    act = _patients(act, role)
    return Mention(index, drug, role, act, cue, bool(_DOSED.match(after)))


def _inheriting(words: str, read: list[Mention | None]) -> Iterator[Mention]:
    """The mentions of a turn; one without a cue of its own, joined to the one before it, shares that one's."""
    last: Mention | None = None
    for mention in read:
        if mention and mention.act is None and last and last.act:
            gap = words[last.drug.end : mention.drug.start]
            if len(gap) <= _LONGEST_JOIN and _JOINS.fullmatch(gap):
                mention = replace(mention, act=last.act, cue=last.cue)
        if mention:
            yield mention
        last = mention


def _is_explained(words: str, drugs: list[Drug], at: int) -> bool:
    """Whether a class only tells what the medicine named beside it is: "a muscle relaxant called flexeril"."""
    if drugs[at].kind != "class":
        return False
    if at + 1 < len(drugs) and drugs[at + 1].kind == "medicine":
        gap = words[drugs[at].end : drugs[at + 1].start]
        if len(gap) <= _LONGEST_EXPLANATION and not _NEXT_THING.search(gap):
            return True
    return bool(
        at and drugs[at - 1].kind == "medicine" and _WHICH_IS.fullmatch(words, drugs[at - 1].end, drugs[at].start)
    )


def _is_taken_back(words: str, drugs: list[Drug], at: int) -> bool:
    """Whether the speaker at once puts another name in place of this one: "metformin, sorry, glipizide"."""
    if at + 1 >= len(drugs) or drugs[at + 1].canonical == drugs[at].canonical:
        return False
    return bool(_TAKEN_BACK.fullmatch(words, drugs[at].end, drugs[at + 1].start))


def _before(words: str, drugs: list[Drug], at: int) -> str:
    """The sentence up to the name, tidied; names of other medicines in it become "it", so that lists read through."""
    start = max(0, drugs[at].start - _FARTHEST)
    piece, end = "", start
    for drug in drugs[:at]:
        if drug.start >= end:
            piece, end = piece + words[end : drug.start] + "it", drug.end
    piece += words[end : drugs[at].start]
    return tidy(_SENTENCE_END.split(piece)[-1])


def _after(words: str, drugs: list[Drug], at: int) -> str:
    end = min(drugs[at].end + _FARTHEST // 2, drugs[at + 1].start if at + 1 < len(drugs) else len(words))
    return tidy(words[drugs[at].end : end])


def _act_before(before: str) -> tuple[Act | None, str]:
    """The cue nearest before the name decides, when few words lie between."""
    cue = None
    for cue in CUES.finditer(before):
        pass
    if not cue or len(_LISTED.sub(" ", before[cue.end() :]).split()) > _WORDS_BETWEEN:
        return None, ""
    if cue[0] == "no" and before[cue.end() :].strip():
        return None, ""
    return cue.lastgroup, cue[0]  # type: ignore[return-value]


def _act_after(after: str, act: Act | None, cue: str, role: Role | None) -> tuple[Act | None, str]:
    """A cue behind the name decides where none before it orders anything."""
    later = AFTER.search(after)
    if not later:
        return act, cue
    kind: Act = later.lastgroup  # type: ignore[assignment]
    if kind == "allergy":
        return kind, later[0]
    if kind == "past":
        return (
            ("past", later[0])
            if act in (None, "present", "asked") or (act == "start" and role == "patient")
            else (act, cue)
        )
    if role != "patient" and act in (None, "present", "past", "asked"):
        return kind, later[0]
    return act, cue


def _is_conditional(before: str, after: str) -> bool:
    if _THEN.search(after):
        return True
    condition = IF.search(before)
    return bool(condition) and len(condition["rest"].split()) <= _WORDS_OF_CONDITION and not AS_NEEDED_IF.search(before)


def _patients(act: Act | None, role: Role | None) -> Act | None:
    """What an ordering phrase means in the patient's mouth: an account of what was done before."""
    if role in ("clinician", None) or act is None:
        return act
    told: dict[Act, Act | None] = {
        "start": "past",
        "stop": "past",
        "change": "present",
        "continue": "present",
        "conditional": None,
    }
    return told.get(act, act)


def _answered(mention: Mention, turns: Sequence[SpokenTurn]) -> Mention:
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


def _followed_up(
    mention: Mention, mentions: Sequence[Mention], turns: Sequence[SpokenTurn], roles: Sequence[Role | None]
) -> Mention:
    """What the turns behind the mention make of it: the patient refuses, or the clinician says to keep or stop "it"."""
    if mention.role != "patient" and mention.act in _OFFERED and _is_refused(mention, turns, roles):
        return replace(mention, act="refused")
    if mention.act not in ("present", "past", "asked", None):
        return mention
    named = {other.index for other in mentions if other.drug.canonical != mention.drug.canonical}
    for index in range(mention.index + 1, min(mention.index + 3, len(turns))):
        if index in named or mention.index in named:
            return mention
        said = FOLLOW_UP.search(tidy(plain(turns[index].text))[:120]) if roles[index] != "patient" else None
        if said:
            return replace(mention, act=said.lastgroup, cue=said[0], role="clinician")
    return mention


def _is_refused(mention: Mention, turns: Sequence[SpokenTurn], roles: Sequence[Role | None]) -> bool:
    """A refusal in the next turn is of what the turn ended with, not of what came long before its end."""
    at = mention.index + 1
    if at >= len(turns) or roles[at] == "clinician" or len(turns[mention.index].text) - mention.drug.end > _FARTHEST:
        return False
    return is_refusal(plain(turns[at].text), plain(turns[at + 1].text) if at + 1 < len(turns) else "")


def _by_answer(mention: Mention, turns: Sequence[SpokenTurn]) -> Act | None:
    answer = plain(turns[mention.index + 1].text) if mention.index + 1 < len(turns) else ""
    if "avoid" in mention.cue or "away" in mention.cue:
        return None
    if "refill" in mention.cue or "renew" in mention.cue:
        return "continue" if _YES.match(answer) else None
    if _OFFER.search(mention.cue):
        return (
            "start" if _YES.match(answer) else "refused" if _NO.match(answer) or REFUSAL.search(tidy(answer)) else None
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

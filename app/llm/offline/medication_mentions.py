"""Reads each mention of a medicine: who speaks, and what the words around it do with the medicine."""

import re
from collections.abc import Collection
from dataclasses import replace
from typing import cast

from app.language.drugs import Drug, find_drugs
from app.language.turns import Role
from app.llm.offline.hearing import Heard
from app.llm.offline.medication_answers import answered, followed_up
from app.llm.offline.medication_cues import AFTER, AS_NEEDED_IF, IF, is_another_persons
from app.llm.offline.medication_phrases import Act, last_act
from app.llm.offline.mention import Mention
from app.llm.offline.phrase_lists import CUES
from app.llm.offline.tidy import tidy

_SENTENCE_END = re.compile(r"(?<!\bdr)(?<!\bmr)(?<!\bmrs)[.?!](?=\s|$)(?!\s*(?:\d|five\b))")
_LISTED = re.compile(
    r"\b(?:it|and|or|the|a|an|your|my|some|of|plus|as well(?: as)?|milligrams?|mg|twice|once|daily|times|day"
    r"|\d[\d.]*|one|two|three|four|five"
    r"|six|eight|ten|twelve|twenty|thirty|forty|fifty|sixty|eighty|hundred|thousand)\b"
)
_JOINS = re.compile(
    r"(?:[^.?!]|\.(?=\s*(?:and|as well|plus|also|\d)))*?(?:\b(?:and|plus|as well|or|also|with)\b|,)[^.?!]*"
)
_DOSED = re.compile(
    r"^ ?(?:\S+ ){0,8}?(?:milligrams?|mg|mcg|micrograms?|tablets?|puffs?|units|every|each|once|twice"
    r"|times a day|capsules?|drops|daily|(?:days?|weeks?)(?! ago)|at bedtime|nightly)\b"
)
_DOSED_BEFORE = re.compile(
    r"\b(?:milligrams?|mg|mcg|micrograms?|tablets?|puffs?|units|capsules?|drops|sprays?|mls?|patch|patches)"
    r" of (?:the |your |a |an )?$"
)
_THEN = re.compile(
    r"\bshould (?:the|your|that|it|this|things|you|any)(?: \w+){0,2}"
    r" (?:return|recur|come back|worsen|get worse|persist|flare)"
    r"|\bif (?:that|this|it|they|things|those|the \w+|symptoms|you)(?: \w+)? ?(?:don't|doesn't|isn't|aren't"
    r"|didn't|fails?|gets? worse|comes? back|persists?|continues?|worsens?|not (?:help|work|improv|get)\w*)"
)

# "And call me if it gets worse" makes nothing conditional but the call.
_SAFETY_NET = re.compile(
    r"\b(?:call|ring|phone|contact|come (?:back|in)|see (?:me|us)"
    r"|let (?:me|us) know|get in touch|return (?:to|here|if)|go to)\b"
)
_NEXT_THING = re.compile(
    r"\b(?:or|plus|instead|stop|as well as|and (?:then )?(?:i|we|you|also|the|some|a)|also|but|not)\b"
)
_TAKEN_BACK = re.compile(
    r"[\s,.;…-]*(?:(?:uh|um|er|or|no|oh|wait|well)[\s,.;…-]+)*(?:sorry|apologies|i ?'?m sorry|i mean|i meant|correction"
    r"|scratch that|rather|actually(?: no)?|my mistake|let me correct that|strike that|excuse me|pardon(?: me)?"
    r"|make (?:it|that)|let's (?:say|do|make (?:it|that))|wait|hang on|hold on|no(?=\s*[,.;…-]))[\s,.;…-]+"
    r"(?:(?:uh|um|the|it's|i mean|i meant|to|make (?:it|that)|let's (?:say|do|go with|make (?:it|that))|no)[\s,.;…-]+)*"
)
_WHICH_IS = re.compile(
    r"[\s,]*(?:(?:which|that|this|it)(?:'s| is| are)|is|as|like|for|or)?(?: (?:a|an|the|your|that|some|called"
    r"|known as|basically|just|kind of|uh|um))*\s*"
)

_FARTHEST = 220
_MOST_IN_A_SENTENCE = 40
_LONGEST_EXPLANATION = 70
_LONGEST_JOIN = 70
_WORDS_BETWEEN = 8
_WORDS_OF_CONDITION = 16


def read_mentions(heard: Heard) -> list[Mention]:
    """All mentions of a visit in order, those of other people's medicines left out."""
    read: dict[int, list[Mention]] = {}
    for index, turn in enumerate(heard.turns):
        drugs = find_drugs(turn.text) if heard.names_drugs[index] else []
        if drugs and (mentions := _Turn(heard, index, drugs).mentions()):
            read[index] = mentions
    named = {index: {mention.drug.canonical for mention in mentions} for index, mentions in read.items()}
    return [followed_up(mention, named, heard.turns, heard.roles) for mentions in read.values() for mention in mentions]


def read_mentions_of(heard: Heard, names: Collection[str]) -> tuple[list[Mention], dict[int, list[Drug]]]:
    """Those of the medicines with these canonical names, and by index the drugs in their turns.

    Whether it is the patient who takes what is named beside them is not asked.
    """
    named = {index: {drug.canonical for drug in drugs} for index, drugs in heard.drugs_of.items()}
    turns = [_Turn(heard, index, heard.drugs_of[index]) for index in named if not named[index].isdisjoint(names)]
    mentions = [mention for turn in turns for mention in turn.mentions(names)]
    followed = [followed_up(mention, named, heard.turns, heard.roles) for mention in mentions]
    return followed, {turn.index: turn.drugs for turn in turns}


class _Turn:
    """The drugs of a turn that are spoken of by themselves, and their mentions, each read when it is asked for."""

    def __init__(self, heard: Heard, index: int, drugs: list[Drug]) -> None:
        self._heard, self.index, self._words = heard, index, heard.words[index]
        drugs = [drug for at, drug in enumerate(drugs) if not _is_explained(self._words, drugs, at)]
        self.drugs = [drug for at, drug in enumerate(drugs) if not _is_taken_back(self._words, drugs, at)]
        self._read: dict[int, Mention | None] = {}

    def mentions(self, names: Collection[str] | None = None) -> list[Mention]:
        """All, or those of the medicines with these canonical names; other people's are left out."""
        wanted = [at for at, drug in enumerate(self.drugs) if names is None or drug.canonical in names]
        read = [mention for at in wanted if (mention := self._mention(at))]
        return [answered(mention, self._heard.turns) for mention in read]

    def _mention(self, at: int) -> Mention | None:
        """Those before it are read with it, as far as they are joined to it and may share their cue."""
        first = at
        while first and first - 1 not in self._read and self._joins(first):
            first -= 1
        for place in range(first, at + 1):
            self._read[place] = self._inheriting(place)
        return self._read[at]

    def _inheriting(self, at: int) -> Mention | None:
        """The mention; one without a cue of its own, joined to the one before it, shares that one's."""
        mention = _read(self.index, self._words, self.drugs, at, self._heard.roles[self.index])
        last = self._read.get(at - 1)
        if mention and mention.act is None and last and last.act and self._joins(at):
            return replace(mention, act=last.act, cue=last.cue)
        return mention

    def _joins(self, at: int) -> bool:
        gap = self._words[self.drugs[at - 1].end : self.drugs[at].start]
        return len(gap) <= _LONGEST_JOIN and bool(_JOINS.fullmatch(gap))


def _read(index: int, words: str, drugs: list[Drug], at: int, role: Role | None) -> Mention | None:
    drug = drugs[at]
    before, after = _before(words, drugs, at), _after(words, drugs, at)
    marks = CUES.marks(before)
    if is_another_persons(before, marks):
        return None
    act, cue = _act_before(before, marks)
    act, cue = _act_after(after, act, cue, role)
    if act in (None, "start", "change", "continue", "stop") and _is_conditional(before, after):
        act = "conditional"
    act = _patients(act, role)
    return Mention(index, drug, role, act, cue, bool(_DOSED.match(after) or _DOSED_BEFORE.search(before)))


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
    for drug in drugs[max(0, at - _MOST_IN_A_SENTENCE) : at]:
        if drug.start >= end:
            piece, end = piece + words[end : drug.start] + "it", drug.end
    piece += words[end : drugs[at].start]
    return tidy(_SENTENCE_END.split(piece)[-1])


def _after(words: str, drugs: list[Drug], at: int) -> str:
    end = min(drugs[at].end + _FARTHEST // 2, drugs[at + 1].start if at + 1 < len(drugs) else len(words))
    return tidy(words[drugs[at].end : end])


def _act_before(before: str, marks: int) -> tuple[Act | None, str]:
    """The cue nearest before the name decides, when few words lie between."""
    last = last_act(before, marks)
    if not last:
        return None, ""
    act, cue = last
    if len(_LISTED.sub(" ", before[cue.end() :]).split()) > _WORDS_BETWEEN:
        return None, ""
    if cue[0] == "no" and before[cue.end() :].strip():
        return None, ""
    return act, cue[0]


def _act_after(after: str, act: Act | None, cue: str, role: Role | None) -> tuple[Act | None, str]:
    """A cue behind the name decides where none before it orders anything."""
    later = AFTER.search(after)
    if not later:
        return act, cue
    kind = cast(Act, later.lastgroup)
    if kind == "allergy":
        decides = True
    elif kind == "past":
        decides = act in (None, "present", "asked") or (act == "start" and role == "patient")
    else:
        decides = role != "patient" and act in (None, "present", "past", "asked")
    return (kind, later[0]) if decides else (act, cue)


def _is_conditional(before: str, after: str) -> bool:
    if _THEN.search(_SAFETY_NET.split(after)[0]):
        return True
    condition = IF.search(before)
    if not condition or AS_NEEDED_IF.search(before):
        return False
    return len(condition["rest"].split()) <= _WORDS_OF_CONDITION


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

"""Finds what a clause tells the patient to do, or not to do, in daily life."""

import re
from dataclasses import dataclass

from app.llm.offline.phrase_lists import CUES, phrases

_TELLS = CUES.add(phrases("advice", "tells"))
_DEED = phrases("advice", "deed")
_FIRMLY = CUES.add(phrases("advice", "firmly"))
_FORBIDS = CUES.add(phrases("advice", "forbids"))
_BETWEEN = phrases("advice", "between")
_NOT_A_DEED = phrases("advice", "not_a_deed")
_BARE = CUES.add(phrases("advice", "bare"))
_NOUN_ADVICE = CUES.add(phrases("advice", "noun_advice"))
_ALLOWS = CUES.add(re.compile(r"\byou (?:can|could|may|might)\b(?!'t| ?n't| ?not)"))
_BEGINS = re.compile(r"^(?:(?:and|so|then|also|but|again|um|uh|or|now|okay|just|please|yeah|yes|well)\b[ ,]*)*")
# These are only advice when told not to.
_DEED_TO_AVOID = re.compile(
    r"\b(?:ski|run|play|lift|jump|drive|smok|swim|walk|do|go|put|strain|pick|scratch|touch|rub|squat|consum|eat"
    r"|drink|use|bear|bend|over ?do)(?:n?ing|ing|e)?\b"
)
_EASED = phrases("advice", "eased")
_NOT_ADVISED = re.compile(
    r"\b(?:do|would|ca|should) ?(?:n't|not) (?:necessarily |really )?(?:recommend|advise|suggest|want you to)$"
)
_NOT = re.compile(r"\b(?:not|n't)\b")
_OTHER_SUBJECT = re.compile(r"\b(?:we|they|it|that|she|he|i)(?:'ll|'re|'m|'s|'ve|'d)?\b(?!.*\b(?:you|her|him)\b)")
_OTHERS = re.compile(r"\b(?:i|we|they|he|she|it|who|to)(?:'ll|'m|'re|'d|'ve|'s| n't)*(?: \w+){0,2} $")
# "Do n't" bids only where no subject stands before it.
_BARELY = re.compile(r"(?:do|never|please)\b")
_JOINED = re.compile(r"(?:^|[,.;] |\b(?:and|but|so|or|please|just|then) )$")
_ADVISES = re.compile(
    r"\b(?:worth|best|better|good idea|advisable|sensible|thing is to|recommend|suggest|advise|encourage|try"
    r"|make sure|important)\b"
)
_WORD = re.compile(r"[a-z][a-z-]+")
_GAP = re.compile(r"[\s,.…-]*")
_MOST_BETWEEN = 6


@dataclass(frozen=True, slots=True)
class Deed:
    """What is to be done, or not to be done, in plain words from `start` on."""

    start: int
    forbidden: bool


def find_deed(words: str, marks: int) -> Deed | None:
    """The first thing that a plain clause tells the patient to do; None if it tells nothing.

    `marks`: what `CUES` tells of the clause; each way to tell it is tried only where its cue may be.
    """
    ways = (way for cue, way in _WAYS if marks & cue.bit)
    return next((deed for way in ways if (deed := way(words))), None)


def _bidden(words: str) -> Deed | None:
    """A bare imperative opens the clause: "finish the whole course"."""
    bare = _BARE.pattern.match(words, _opening(words))
    return Deed(bare.start(), False) if bare and not bare[0].split()[0].endswith("ing") else None


def _told(words: str) -> Deed | None:
    """One of the usual deeds stands near words that tell to do it."""
    told = next((found for found in _TELLS.pattern.finditer(words) if _reaches(words, found)), None)
    if not told:
        return None
    negated = _negated(words, told)
    deed = (_DEED_TO_AVOID if negated else _DEED).search(words, told.start()) or _DEED.search(words, told.start())
    if not deed or (_OTHER_SUBJECT.search(words[: deed.start()]) and not _ADVISES.search(words)):
        return None
    return Deed(deed.start(), negated)


def _forbidden(words: str) -> Deed | None:
    for found in _FORBIDS.pattern.finditer(words):
        if _BARELY.match(found[0]) and found.start() > _opening(words) and not _JOINED.search(words, 0, found.start()):
            continue
        deed = _deed_after(words, found.end())
        if deed is not None:
            return Deed(deed, True)
    return None


def _commanded(words: str) -> Deed | None:
    """Any verb right behind firm words: "i want you to decrease your alcohol"."""
    for found in _FIRMLY.pattern.finditer(words):
        deed = _deed_after(words, found.end())
        if deed is not None and not _OTHERS.search(words, max(0, found.start() - 40), found.start()):
            return Deed(deed, _negated(words, found))
    return None


def _named(words: str) -> Deed | None:
    """Advice without a verb: "no heavy lifting", "plenty of fluids"."""
    noun = _NOUN_ADVICE.pattern.match(words, _opening(words))
    return Deed(noun.start(), False) if noun else None


def _allowed(words: str) -> Deed | None:
    allowed = _ALLOWS.pattern.search(words)
    eased = _EASED.search(words, allowed.end()) if allowed else None
    return Deed(eased.start(), False) if allowed and eased and eased.start() - allowed.end() < 20 else None


_WAYS = (
    (_BARE, _bidden),
    (_TELLS, _told),
    (_FORBIDS, _forbidden),
    (_FIRMLY, _commanded),
    (_NOUN_ADVICE, _named),
    (_ALLOWS, _allowed),
)


def _opening(words: str) -> int:
    begins = _BEGINS.match(words)
    return begins.end() if begins else 0


def _deed_after(words: str, position: int) -> int | None:
    """Where the verb of a deed begins that follows upon this position at once; None if it is no deed."""
    for _ in range(_MOST_BETWEEN):
        position = _after_gap(words, position)
        between = _BETWEEN.match(words, position)
        if not between:
            break
        position = between.end()
    if _BARE.pattern.match(words, position):
        return position
    verb = _WORD.match(words, position)
    return position if verb and not _NOT_A_DEED.match(words, position) else None


def _after_gap(words: str, position: int) -> int:
    gap = _GAP.match(words, position)
    return gap.end() if gap else position


def _reaches(words: str, told: re.Match[str]) -> bool:
    """Whether a deed follows closely enough on the words that tell to do it."""
    negated = _negated(words, told)
    deed = (_DEED_TO_AVOID.search(words, told.end()) if negated else None) or _DEED.search(words, told.start())
    return deed is not None and deed.start() - told.end() < 25


def _negated(words: str, told: re.Match[str]) -> bool:
    """Whether it is told not to be done: "try not to lift", "i do n't recommend lifting"."""
    return bool(_NOT.search(words, told.start(), told.end() + 8) or _NOT_ADVISED.search(words, 0, told.end()))

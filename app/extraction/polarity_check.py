"""Holds what an item asks for against what the quotes say for and against it."""

import re
from collections.abc import Iterator
from typing import Any

from app.extraction.claims import subject_of
from app.extraction.polarity import (
    AGAINST,
    answers_no,
    asks,
    is_spoken_against,
    may_be_spoken_against,
    refuses,
    speaks_against,
    tells_to_stop,
)
from app.extraction.support import Region

_WORD = re.compile(r"[^\W\d_]{3,}")
# "Continue to observe, no treatment" asks for observing; "If no slot is free, call" asks for calling.
_AFTERTHOUGHT = re.compile(r"[,;(]|\b(?:but|if|until|unless|when)\b", re.IGNORECASE)
NOTHING_TO_DO = ("declined", "historical")
_END_OF_TURN = 220


def is_against(category: str, item: dict[str, Any]) -> bool:
    """Whether the item itself denies, forbids or stops something."""
    if category == "medication_instructions":
        return item.get("status") == "stop"
    if category == "problems":
        return item.get("assertion") == "absent"
    if category in ("allergies", "vitals", "custom"):
        return False
    subject = subject_of(category, item)
    return may_be_spoken_against(subject) and speaks_against(_AFTERTHOUGHT.split(subject, 1)[0])


def contradiction(category: str, item: dict[str, Any], region: Region, *, wanted_against: bool) -> str | None:
    """A flag where the quotes speak against the item: negated, stopped, or turned down in the answer; else None."""
    if item.get("commitment") in NOTHING_TO_DO:
        return None
    if not wanted_against and category != "allergies" and _is_always_negated(category, region):
        return "negated_in_evidence"
    if category == "problems" and item.get("assertion") == "present" and _is_answered_no(region):
        return "denied_in_answer"
    if category in ("problems", "allergies", "vitals", "custom") or item.get("status") in ("stop", "continue"):
        return None
    return "declined_in_answer" if not wanted_against and _is_turned_down(region) else None


def missing_negation(category: str, item: dict[str, Any], region: Region) -> bool:
    """Whether no quote denies, forbids or stops something as the item does; a "no" in answer joins them."""
    if item.get("commitment") in NOTHING_TO_DO:
        return False
    text = region.small()
    if tells_to_stop(text) if category == "medication_instructions" else speaks_against(text):
        return False
    return not (category == "problems" and _take_in_the_no(region))


def _is_always_negated(category: str, region: Region) -> bool:
    """Whether the quotes mention the subject, and speak against it at every mention."""
    if not region.has(AGAINST) or not may_be_spoken_against(region.small()):
        return False
    mentioned = False
    for quote in region.quotes:
        words = region.searchable.text[quote.start : quote.end]
        for start, end in _mentions(category, region, quote.start, words):
            if not is_spoken_against(words, start, end):
                return False
            mentioned = True
    return mentioned


def _mentions(category: str, region: Region, begin: int, words: str) -> Iterator[tuple[int, int]]:
    """Where the words of a quote, which begin there, name the drug or say a word of the subject."""
    if category == "medication_instructions":
        for value in region.values("drug"):
            if value.key in region.drugs:
                start, end = value.start - begin, value.end - begin
                if start >= 0 and end <= len(words):
                    yield start, end
        return
    for word in _WORD.finditer(words):
        if word[0].casefold()[:5] in region.about:
            yield word.span()


def _is_turned_down(region: Region) -> bool:
    """Whether the turn after an offer, by another speaker, refuses it."""
    for quote in region.quotes:
        turn = region.searchable.by_number[quote.turn]
        answer = region.searchable.by_number.get(quote.turn + 1)
        if not answer or answer.speaker == turn.speaker or turn.end - quote.end > _END_OF_TURN:
            continue
        text = region.searchable.text
        if refuses(text[quote.start : turn.end], text[answer.start : answer.end]):
            return True
    return False


def _is_answered_no(region: Region) -> bool:
    """Whether the quotes are questions alone, and the one who is asked says no."""
    text, turns = region.searchable.text, region.searchable.by_number
    for quote in region.quotes:
        turn, answer = turns[quote.turn], turns.get(quote.turn + 1)
        if not answer or answer.speaker == turn.speaker or not answers_no(text[answer.start : answer.end]):
            return False
        if not asks(text[quote.start : quote.end], text[quote.end : turn.end]):
            return False
    return True


def _take_in_the_no(region: Region) -> bool:
    text = region.searchable.text
    for quote in region.quotes:
        answer = region.searchable.by_number.get(quote.turn + 1)
        if answer and answers_no(text[answer.start : answer.end]):
            stop = text.find(".", answer.start, answer.end)
            said = text[answer.start : answer.end if stop < 0 else stop].rstrip()
            region.add_span(answer.start, answer.start + len(said), answer)
            return True
    return False

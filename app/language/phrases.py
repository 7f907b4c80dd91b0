"""Finds set phrases quickly: a long pattern is tried only at words that can open it."""

import re
from collections.abc import Iterator

from app.language.sieve import Cue
from app.language.speech import Speech

_WORD = re.compile(r"[^\W_]+")


def words(listed: str) -> frozenset[str]:
    """The words of a list written as one text."""
    return frozenset(listed.split())


def find_phrases(cue: Cue, openings: frozenset[str], speech: Speech) -> Iterator[re.Match[str]]:
    """Matches of a cue of `VALUES` that begin at a word of `openings`; they may overlap."""
    for word in _WORD.finditer(speech.small) if speech.marks & cue.bit else ():
        if word.group() in openings and (match := cue.pattern.match(speech.small, word.start())):
            yield match

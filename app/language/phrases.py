"""Finds set phrases quickly: a long pattern is tried only where one of its matches can begin."""

import re

from app.language.sieve import ByBeginnings, Cue
from app.language.speech import Speech

_WORD = re.compile(r"[^\W_]+")


def words(listed: str) -> frozenset[str]:
    """The words of a list written as one text."""
    return frozenset(listed.split())


class Phrases:
    """The phrases of a cue of `VALUES`, of which each begins with a whole word of `openings`."""

    def __init__(self, cue: Cue, openings: frozenset[str]) -> None:
        self.bit = cue.bit
        self._places = ByBeginnings(cue.pattern)
        self._openings = openings

    def find(self, speech: Speech) -> list[re.Match[str]]:
        """The match at each word, in order; they may overlap."""
        if not speech.marks & self.bit:
            return []
        return [found for found in self._places.everywhere(speech.small) if self._opens(found)]

    def _opens(self, found: re.Match[str]) -> bool:
        word = _WORD.match(found.string, found.start())
        return word is not None and word[0] in self._openings

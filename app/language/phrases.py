"""Finds set phrases quickly: a long pattern is tried only at words that can open it."""

import re
from collections.abc import Iterator

_WORD = re.compile(r"[^\W_]+")


def words(listed: str) -> frozenset[str]:
    """The words of a list written as one text."""
    return frozenset(listed.split())


def find_phrases(pattern: re.Pattern[str], openings: frozenset[str], small: str) -> Iterator[re.Match[str]]:
    """Matches of `pattern` in `small` (small letters) that begin at a word of `openings`; they may overlap."""
    for word in _WORD.finditer(small):
        if word.group() in openings and (match := pattern.match(small, word.start())):
            yield match

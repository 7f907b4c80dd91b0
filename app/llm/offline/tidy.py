"""Spells out raw speech for the phrases of the rules: split words joined, fillers dropped, stutters said once."""

import re

_FILLERS = re.compile(
    r"\b(?:uh|um|uhm|uh-huh|er|erm|ah|you know|kind of|sort of|kinda|i mean|just|really|actually|basically"
    r"|probably|also|again"
    r"|definitely|certainly|simply|maybe|go ahead and|go ahead|of course|for now|at this (?:point|time)|today"
    r"|then|so)\b"
)
_REPEATED = re.compile(r"\b(\w+(?:'\w+)?(?: \w+(?:'\w+)?)?)(?: \1\b)+")
_SPLIT_WORDS = (
    (re.compile(r"\s+(n't|'(?:m|re|ll|d|ve|s))\b"), r"\1"),
    (re.compile(r"\b(gon|wan|got) ?(?:na|ta)\b"), r"\1 to"),
    (re.compile(r"\bgon to\b"), "going to"),
    (re.compile(r"\bwan to\b"), "want to"),
    (re.compile(r"[,\-…]+"), " "),
)
_SPACES = re.compile(r"\s+")


def tidy(words: str) -> str:
    """The words with "do n't" joined and fillers, commas and repetitions dropped; offsets are lost."""
    for pattern, replacement in _SPLIT_WORDS:
        words = pattern.sub(replacement, words)
    words = _SPACES.sub(" ", _FILLERS.sub(" ", words))
    return _REPEATED.sub(r"\1", words)

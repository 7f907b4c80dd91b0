"""Spells out raw speech for the phrases of the rules: split words joined, fillers dropped, stutters said once."""

import re

_FILLERS = re.compile(
    r"\b(?:uh|um|uhm|uh-huh|er|erm|ah|you know|kind of|sort of|kinda|i mean|just|really|actually|basically"
    r"|probably|also|again"
    r"|definitely|certainly|simply|maybe|go ahead and|go ahead|of course|for now|at this (?:point|time)|today"
    r"|then|so)\b"
)
_REPEATED = re.compile(r"\b(\w++(?:'\w++)?+(?: \w++(?:'\w++)?+)?)(?: \1\b)+")
# What a split word holds, how it is found, and what it becomes; most words hold none of these.
_SPLIT_WORDS = (
    ("'", re.compile(r"\s+(n't|'(?:m|re|ll|d|ve|s))\b"), r"\1"),
    ("na", re.compile(r"\b(gon|wan|got) ?na\b"), r"\1 to"),
    ("ta", re.compile(r"\b(gon|wan|got) ?ta\b"), r"\1 to"),
    ("gon to", re.compile(r"\bgon to\b"), "going to"),
    ("wan to", re.compile(r"\bwan to\b"), "want to"),
)
_PAUSES = re.compile(r"[,\-…]+")
_SPACES = re.compile(r"\s+")


def tidy(words: str) -> str:
    """The words with "do n't" joined and fillers, commas and repetitions dropped; offsets are lost."""
    for held, pattern, replacement in _SPLIT_WORDS:
        if held in words:
            words = pattern.sub(replacement, words)
    words = _FILLERS.sub(" ", _PAUSES.sub(" ", words))
    if "  " in words or not words.isprintable():
        words = _SPACES.sub(" ", words)
    return _REPEATED.sub(r"\1", words)

"""Tells words that speak to a language model from words that speak to a person in the room."""

import re

from app.language.sieve import ByBeginnings, Sieve, needed_words
from app.language.speech import VALUES

# Written from how such attempts are worded in general; what they ask for is never obeyed, this only says so.
_SIEVE = Sieve()
_TO_A_MODEL = _SIEVE.add(
    re.compile(
        r"\b(?:ignore|disregard|forget|override)\b[^.?!\n]{0,30}\b(?:instruction|prompt|rule|direction|guideline)s?\b"
        r"|\b(?:system|developer) (?:prompt|message|instruction)s?\b"
        r"|\byou are (?:now )?(?:an? )?(?:ai\b|a\.i\.|language model|chat ?bot|assistant)"
        r"|\bas an? (?:ai|language model)\b"
        r"|\b(?:output|return|respond with|answer with|print)\b[^.?!\n]{0,20}"
        r"\b(?:json|schema|exactly|only the following)\b"
        r"|\bnew instructions?:"
    )
)
_BY_BEGINNINGS = ByBeginnings(_TO_A_MODEL.pattern)
# Among the marks of a turn: it may speak to a model.
TO_A_MODEL = VALUES.add_words(needed_words(_TO_A_MODEL.pattern))


def is_addressed_to_a_model(words: str) -> bool:
    """Whether the words look like an instruction to whatever machine reads the transcript."""
    small = words.casefold()
    return bool(_SIEVE.marks(small)) and _BY_BEGINNINGS.search(small) is not None

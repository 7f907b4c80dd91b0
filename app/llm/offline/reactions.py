"""Tells whether words name what a medicine or food does to someone who does not tolerate it."""

import re

from app.language.drugs import find_drugs
from app.llm.offline.phrase_lists import CUES, phrases

REACTS = CUES.add(phrases("facts", "reacts"))
SUBSTANCES = phrases("facts", "substances")
REACTION = re.compile(
    r"\b(?P<reaction>hives|rash(?:es)?|anaphyla\w+|swelling|swells?|swelled|swollen|itch\w*|vomit\w*|throw up"
    r"|trouble breathing|difficulty breathing|shortness of breath|nausea|sick|stomach upset"
    r"|break(?:s|ing)? out|broke out|throat (?:closes|closed|swells|swelled|swelling)|facial swelling|diarrh\w+"
    r"|wheez\w+|cough|dizz\w+|angioedema|welts|blisters|spots)\b"
)
_ALLERGIC = re.compile(r"\b(?:allerg\w+|intoleran\w+|reactions? to|can'?t (?:take|have|tolerate))\b")
_ASKED = re.compile(
    r"\ballerg|\b(?:what|how) (?:happens|happened|does (?:it|that) do|did (?:it|that) do|do you react|did you react)"
    r"|\b(?:kind|sort|type) of (?:a )?reaction|\bwhat (?:was|is|were) (?:the|your) reaction"
)
_LAST_WORDS = 160


def tells_reaction(words: str, question: str) -> bool:
    """Whether plain words, after the plain words of the turn before, tell a reaction and not an illness of now."""
    if not REACTION.search(words):
        return False
    if _ASKED.search(question[-_LAST_WORDS:]):
        return True
    told = _ALLERGIC.search(words) or REACTS.pattern.search(words)
    return bool(told) and bool(find_drugs(words) or SUBSTANCES.search(words))

"""Tells which problem a clause puts under discussion, in the speaker's own words."""

import re

_ORDINAL = r"(?:first|second|third|fourth|fifth|next|last|other|final|main)"
_OPENING = re.compile(
    rf"\bfor (?:your|the|his|her|that|this) (?:{_ORDINAL} (?:problem|issue|concern|diagnosis|thing|one)s?"
    r"(?:,? (?:of|is|being|here|with|which is|for))?,? )?(?:(?:of|is|the|your|a|an|that|this|his|her)\b,? )*"
    r"|\b(?:(?:you|he|she)(?:'ve| have| has| had| got| do have| may have| might have)*(?: got)? (?:a |an |the |some |maybe |likely |probably )*(?:what we call )?(?=[\w ]{0,30}(?:itis|osis|strain|sprain|fracture|tear|infection|syndrome|disease|exacerbation|contusion|failure)\b))"
    r"|\b(?:consistent with|suggestive of|diagnosis of|diagnosed with|what we call|this is called|we call this)(?: (?:a|an|the|your))* "
)
_ENDS = re.compile(
    r"[.,;?!]|\b(?:so|i|i'm|i'd|i'll|i've|we|we're|we'll|let's|let|it|it's|you|you're|you've|now|um|uh|again|that|that's"
    r"|which|looks|seems|go|what|okay|alright|also|this|because|he|she|is|are|was|has|how|everything|continue|since|if"
    r"|today|at|here|there|but|do|from|then|they|and(?= (?:i|we|you|then|so|also)\b))\b"
)
_NO_PROBLEM = re.compile(
    r"\b(?:exam|examination|visit|appointment|test|result|results|future|time|moment|most part|record|while|week|weeks|day|days|month"
    r"|months|year|years|blood draw|insurance|pharmacy|medication|medications|refill|plan|call|help|information|note|questions?|next|past"
    r"|last|same|first|other|weekend|morning|evening|night|rest|age|one|two|three|four|prescription|follow-up|patience|sake)\b"
)
_LONGEST = 6


def topic_of(words: str) -> str | None:
    """The problem that a plain clause names as its subject ("for your second problem , your asthma , ..."), if it does."""
    for opening in _OPENING.finditer(words):
        rest = words[opening.end() : opening.end() + 90]
        end = _ENDS.search(rest)
        name = (rest[: end.start()] if end else rest).split()[:_LONGEST]
        topic = " ".join(name).strip(" -")
        if len(topic) > 2 and not _NO_PROBLEM.search(topic):
            return topic
    return None

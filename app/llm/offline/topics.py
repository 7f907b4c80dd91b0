"""Tells which problem a clause is about, in the speaker's own words."""

import re

from app.language.problems import ProblemMention, find_problems
from app.llm.offline.phrase_lists import CUES

_NAMES_A_TOPIC = CUES.add(
    re.compile(
        r"\b(?:for (?:your|the|his|her|that|this)|(?:problem|issue|concern|diagnosis|impression)\b"
        r"|i (?:do )?(?:think|believe)|looks like|sounds like|consistent with|suggest\w*|diagnosed|what we call|called"
        r"|concerned|worried|likely|probably"
        r"|due to|you(?:'ve| do)? have (?:a|an|what|some)|going to be|as far as|in terms of|with regards? to|regarding"
        r"|talk about your|related to"
        r"|your \w+ (?:is|are)|wonder)\b"
    )
)
_ORDINAL_PROBLEM = CUES.add(
    re.compile(
        r"\b(?:first|second|third|fourth|fifth|next|last|other|final) (?:problem|issue|concern|diagnosis)s?"
        r"(?:,? (?:of|is|being|here|with|which is|for|the|your|a|an|that))*[ ,]+(?P<name>[a-z][\w' -]{2,60})"
    )
)
_NOT_DESCRIBING = re.compile(
    r"^.*(?:(?<!\w)(?:'s|a|an|the|your|my|his|her|this|that|these|any|some|no|of|for|with|and|or|but|have|has|had"
    r"|is|are|was|be|been|it|it's|i|you|we|called"
    r"|think|from|about|to|in|on|as|having|get|got|getting|like|if|so|just|really|likely|probably|possible|maybe"
    r"|little|bit|sort|kind|more|what|which"
    r"|do|does|did|not|n't|into|by|at|also|then|problem|being|will|would|could|can|should|may|might|there|when"
    r"|because|first|second|third|fourth"
    r"|next|last|said|causing|caused|cause|help|helps|treat|reduce|control|their|further|worsening|new|out|shows?"
    r"|showed|increase|terms|new|over|up|means|bad|"
    r"terms|issues?|call|like|sort|um|uh|know|okay|now|alright|diagnosis|concern|take|taking|see|seeing|check"
    r"|both)(?!\w)|[,.;?!])"
)
_OF = re.compile(
    r" exacerbation| flare(?:-?up)?\b| (?:of|in|on) (?:your |the |both |my )?(?:left |right |lower "
    r"|upper )?(?:knees?|ankles?|foot|feet|shoulders?|hips?|back|neck|wrists?|hands?|elbows?"
    r"|fingers?|toes?|legs?|arms?|chest|kidneys?|heart|breast|patella)\b"
)
_ENDS = re.compile(
    r"[.,;?!]|\s(?:so|i|i'm|i'd|i'll|i've|we|we're|we'll|let's|let|it|it's|you|you're|now|um|uh|again|that|that's"
    r"|which|looks|seems|go|okay|also"
    r"|because|he|she|is|are|was|has|everything|continue|since|if|but|they|and|this|here|i'd)\b"
)
_MOST_DESCRIBING = 4


def topic_of(words: str, marks: int) -> str | None:
    """The problem that a clinician's plain clause, with its marks, turns to or decides on, if it does."""
    ordinal = _ORDINAL_PROBLEM.search(words, marks)
    if ordinal:
        named = first_problem(ordinal["name"]) or _cut(ordinal["name"])
        if named:
            return named
    turns_to = _NAMES_A_TOPIC.search(words, marks)
    return first_problem(words[turns_to.start() :]) if turns_to else None


def first_problem(words: str) -> str | None:
    """The first condition named in plain words, else the first symptom, with the words that describe it."""
    found = find_problems(words)
    best = next((problem for problem in found if problem.kind == "condition"), found[0] if found else None)
    return described(words, best) if best else None


def described(words: str, problem: ProblemMention) -> str:
    """A problem with the words that describe it: "uncontrolled hypertension", "impingement of the left shoulder"."""
    before = _NOT_DESCRIBING.sub("", words[max(0, problem.start - 40) : problem.start])
    after = _OF.match(words, problem.end)
    kept = " ".join(before.split()[-_MOST_DESCRIBING:])
    return f"{kept} {words[problem.start : after.end() if after else problem.end]}".strip(" -")


def _cut(name: str) -> str | None:
    end = _ENDS.search(name)
    short = " ".join((name[: end.start()] if end else name).split()[:5]).strip(" -")
    return short if len(short) > 4 and not _NOT_DESCRIBING.match(short) else None

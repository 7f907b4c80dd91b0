"""Tells from the answer to a question about a problem whether the patient has it."""

import re

from app.findings import Assertion
from app.language.problems import ProblemMention, find_problems
from app.llm.offline.phrase_lists import phrases

YES = re.compile(
    r"^\W*(?:(?:oh|well|um+|uh|,)\W*)*(?:yes|yeah|yep|yup|mm-hmm|correct|right|it (?:is|does|has)|all the time"
    r"|always|often|very|some|i (?:do|am|have|did)\b(?! n't)|a little|a bit|some(?:times)?|occasionally"
    r"|definitely|quite|unfortunately|apparently|afraid so|i (?:think|believe|suppose|guess|reckon) so|since|every"
    r"|most (?:days|nights|mornings|of)"
    r"|now and (?:then|again)|on and off|off and on|a (?:few|couple|lot|bit|fair|touch)"
    r"|loads|lots|mainly|mostly|especially|whenever|usually|when i"
    r"|just (?:a|the|in|on|at|when|mild|some|recently|lately)"
    r"|only (?:a|the|in|on|at|when)|that'?s (?:right|correct)|i'?ve (?:had|got|been)|there (?:is|has|was)"
    r"|(?:it|that) (?:was|comes|came|does|has|started)|for (?:years|months|weeks|days|a|about|the)"
    r"|(?:once|twice)|today|yesterday|recently|lately|sadly|too (?:much|often)|tons|plenty|indeed|mine)\b"
)
NO = re.compile(
    r"^\W*(?:(?:oh|well|um+|uh|,)\W*)*(?:no|nope|nah|not|never|none|negative|i (?:do|have|am|did) ?n[o']t|nothing)\b"
)
_SAYS_NO = re.compile(
    r"\b(?:no|nope|not|never|none|nothing|neither|nobody|can'?t say|without|have ?n't|do ?n't|did ?n't|is ?n't"
    r"|are ?n't|was ?n't|has ?n't|does ?n't)\b(?! (?:sure|know|only|too bad|sleep|stop|well|good|great))"
)
_SAYS_YES = re.compile(r"\b(?:yes|yeah|yep|i do|i have|i am|it does|it is)\b(?! ?n[o']t)")
# To "no history of asthma?" this says that there is none.
_CONFIRMS = re.compile(r"^\W*(?:(?:yes|yeah|yep),? )?(?:that(?:'s| is) )?(?:right|correct|true)\b")
# An answer with one of these may well say that there is none, or that the patient cannot tell.
_LEAVES_OPEN = re.compile(
    r"\b(?:normal|fine|good|okay|ok|well|better|gone|clear|regular|maybe|might|think|guess|sure|sorry|what|pardon|used"
    r"|thank|thanks|alright|great|wife|husband|other than|except|doctor said|mm|hm+|hmm|um+|uh|right|so|and|but"
    r"|stopped|away|off|clean|free|negative|healthy|same|if|how|why|who|where|perfect|perfectly|quit|rarely|seldom|hardly"
    r"|doubt|unlikely|know|remember|wonder\w*|hope\w*|all|let|the other|we|you|he|she|they)\b"
)
_LONGEST_ANSWER = 12
_FIRST_WORDS = 80
_RELATIVE = phrases("facts", "relative")


def answered_assertion(reply: str, problem: ProblemMention, negated: bool) -> Assertion | None:
    """What the reply makes of the problem asked about; where it names problems itself, it is about those alone."""
    said = next(iter(re.split(r"[.?!](?:\s|$)", reply.strip())), "")
    if negated and _CONFIRMS.match(said):
        return "absent"
    if NO.match(reply):
        return "absent"
    if _RELATIVE.search(said):
        return None
    named = {other.name for other in find_problems(said)}
    if named and problem.name not in named:
        return None
    if YES.match(reply) or (named and not _SAYS_NO.search(said)):
        return "present"
    if len(said.split()) > _LONGEST_ANSWER:
        return None
    if _SAYS_NO.search(said):
        return "absent"
    return "present" if _SAYS_YES.search(said) or _describes(said, reply) else None


def _describes(said: str, reply: str) -> bool:
    """Whether the answer tells how bad or how often it is, which grants that it is there: "it's killing me"."""
    return bool(said) and "?" not in reply[: len(said) + 1] and not _LEAVES_OPEN.search(said)


def says_yes(reply: str) -> bool:
    """Whether a reply grants what was asked, at once or in the end: "it brings on my asthma, so yes"."""
    return bool(YES.match(reply)) or (not NO.match(reply) and bool(_SAYS_YES.search(reply[:_FIRST_WORDS])))

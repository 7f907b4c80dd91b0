"""Tells from the words around a test or referral whether it is ordered, considered, turned down, or already done."""

import re

from app.findings import Commitment
from app.llm.offline.clauses_said import Said
from app.llm.offline.excerpt import Excerpt
from app.llm.offline.phrase_lists import CUES, phrases
from app.llm.offline.replies import agreed

PLANS = CUES.add(phrases("intent", "plans"))
CUES.look_first_for(PLANS.bit)
_GOOD_IDEA = re.compile(
    r"(?: (?:would be|is|'s))? a (?:really |very )?(?:good|great|sensible),? (?:good |first )?(?:start|idea|step"
    r"|plan)\b"
)
_OFFERS = phrases("intent", "offers")
# The clinician bids it at once: "repeat the blood count", "please do a biopsy", "see an audiologist".
_BIDS = re.compile(
    r"^(?:(?:and|so|then|also|okay|please|now|next),? )*(?:repeat|order|do|see|check|recheck|arrange|book|have"
    r"|get|refer (?:him|her|them) to)"
    r" (?:(?:a|an|the|some|your|another|one more|of|our|his|her) )*$"
)
_ORDERED_AFTER = re.compile(
    r"^[\w ,']{0,30}?\b(?:so )?(?:i'll|i will|i'm (?:gon ?na|going to)|we'll|let's|i'd|i want to|i've)(?: \w+)?"
    r" (?:order(?:ed)?|arrange|book(?:ed)?|do|get|send|request(?:ed)?|put|refer|make|sort|organi[sz]e)\b"
    r" (?:it|that|one|this|those|them|you|the referral|in the referral|a referral|the form|in for|next|today)?(?!\w)"
)
_FOR_ANOTHER = re.compile(
    r"\bfor (?:your|his|her) (?:wife|husband|partner|mother|father|mom|mum|dad|sister"
    r"|brother)\b"
)
_SOFT = re.compile(r"\b(?:recommend\w*|suggest\w*|should|you can|you could)\b")
_ACTS = phrases("intent", "acts")
_RESULTS_BEFORE = phrases("intent", "results_before")
_RESULTS_AFTER = re.compile(
    r"^\s*(?:,\s)?(?:results?\b(?! (?:are|is) (?:back|in))|that (?:we|you|i|they|was)\b|(?:we|you|i) (?:did|had|got"
    r"|took)|you (?:had|did|got)|show(?:s|ed)|was\b|were\b|is (?:pretty |really |very |a (?:little|bit) "
    r"|still )*(?:high|low|up|down|elevated|back|stable|normal|fine|good|negative|clear)"
    r"|came back|looks?\b|look(?:ed)? (?:good|fine|normal)|today (?:was|is|show)|from\b|reveal|demonstrat|last\b"
    r"|in the past|done\b)"
)
_CONDITION = phrases("intent", "condition")
CERTAIN_IF = phrases("intent", "certain_if")
_NOT_NEEDED = phrases("intent", "not_needed")


def plan_of(said: Said, start: int, end: int, visit: Excerpt) -> Commitment | None:
    """What `said.words[start:end]`, a thing to be done, is in its clause; None when nothing is planned with it.

    A thing already done, being read out, asked about, or meant for someone else is nothing to do.
    """
    before, after = said.words[:start], said.words[end:]
    if said.asks and not (_OFFERS.search(before) and agreed(said, visit)):
        return None
    if not _is_planned(before, after, said, visit):
        return None
    if (
        (_RESULTS_AFTER.search(after) and not said.asks)
        or _NOT_NEEDED.search(before)
        or _FOR_ANOTHER.search(said.words)
    ):
        return None
    return "conditional" if conditional(said.words) else _firmness(before)


def conditional(words: str) -> bool:
    """Whether a plain clause makes its plan, not its grounds for it, hang on something."""
    plan = words.partition(" because ")[0]
    return bool(_CONDITION.search(CERTAIN_IF.sub("", plan)))


def _is_planned(before: str, after: str, said: Said, visit: Excerpt) -> bool:
    if said.asks or _GOOD_IDEA.match(after) or _BIDS.search(before) or _ORDERED_AFTER.search(after):
        return True
    if any(_ORDERED_AFTER.match(other.words) for other in visit.behind_in_turn(said, 1)):
        return True
    plan = _last(PLANS.pattern, before)
    return bool(plan and _ACTS.search(before, plan.start()) and not _RESULTS_BEFORE.search(before, plan.end()))


def _firmness(before: str) -> Commitment:
    return "recommended" if _SOFT.search(before) else "ordered"


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = None
    for match in pattern.finditer(text):
        found = match
    return found

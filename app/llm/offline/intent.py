"""Tells from the words around a test or referral whether it is ordered, considered, turned down, or already done."""

import re
from collections.abc import Sequence

from app.findings import Commitment
from app.llm.offline.clauses_said import Said
from app.llm.offline.replies import agreed

_SOFTLY = r"(?:(?:also|just|still|really|definitely|probably|actually|do|first|again|then|maybe|certainly|like)\s)*"
_GOING_TO = r"(?:gon ?na|going to)"
PLANS = re.compile(
    rf"\b(?:i'm {_SOFTLY}{_GOING_TO}|i am {_SOFTLY}{_GOING_TO}|we(?:'re| are) {_SOFTLY}{_GOING_TO}|we(?:'ll| will)"
    rf"|i(?:'ll| will)"
    rf"|let's|let us|let me|lem me|i(?:'d| would) {_SOFTLY}(?:like|recommend|suggest)|i {_SOFTLY}(?:want|wan ?na"
    rf"|need|recommend|suggest)"
    rf"|we {_SOFTLY}(?:want|wan ?na|need|should|have to|can|could)|you(?:'ll|'re {_GOING_TO}"
    rf"| will)? {_SOFTLY}(?:should|need|have to|can)"
    r"|you're (?:over)?due|why do ?n't (?:we|you|i)|please|go ahead and|needs? to|how about (?:we|i)"
    r"|the only way to know"
    r"|hey,? dragon|dragon,? order|order(?:ing)?|go get|schedule|probably do|good (?:start|idea)|due for|orders? for"
    rf"|(?:is|'s) {_GOING_TO} be|recommend(?:ing)?|we will obtain|will need|get you|set you up|you(?:'re"
    rf"| are) to|i(?:'ve| have) (?:also |already )?(?:booked|referred|arranged|requested|ordered)|next step)\b"
)
_GOOD_IDEA = re.compile(
    r"(?: (?:would be|is|'s))? a (?:really |very )?(?:good|great|sensible),? (?:good |first )?(?:start|idea|step"
    r"|plan)\b"
)
_OFFERS = re.compile(
    r"\b(?:shall (?:i|we)|should (?:i|we)|do you want (?:me|us) to|would you like (?:me|us)? ?to|can (?:i|we)"
    r"|could (?:i|we)|may i"
    r"|why do ?n't (?:we|you|i)|how about (?:we|i))\b"
)
# The clinician bids it at once: "repeat the blood count", "please do a biopsy", "see an audiologist".
_BIDS = re.compile(
    r"^(?:(?:and|so|then|also|okay|please|now|next),? )*(?:repeat|order|do|see|check|recheck|arrange|book|have"
    r"|get|refer (?:him|her|them) to)"
    r" (?:(?:a|an|the|some|your|another|one more|of|our|his|her) )*$"
)
_ORDERED_AFTER = re.compile(
    r"^[\w ,']{0,30}?\b(?:so )?(?:i'll|i will|i'm (?:gon ?na|going to)|we'll|let's|i'd|i want to|i've)(?: \w+)?"
    r" (?:order(?:ed)?|arrange|book(?:ed)?|do|get|send|request(?:ed)?|put)\b (?:it|that|one|this|those|them"
    r"|the referral|in for|next|today)?(?!\w)"
)
_FOR_ANOTHER = re.compile(
    r"\bfor (?:your|his|her) (?:wife|husband|partner|mother|father|mom|mum|dad|sister"
    r"|brother)\b"
)
_SOFT = re.compile(r"\b(?:recommend\w*|suggest\w*|should|you can|you could)\b")
_ACTS = re.compile(
    r"\b(?:order(?:ing|ed)?|get|getting|do|doing|check(?:ing)?|recheck|repeat|obtain|schedul\w+|send(?:ing)?|run"
    r"|draw|perform|swab"
    r"|add|arrange|book|organi[sz]e|need|have|request|recommend\w*|suggest\w*|set|refer\w*|see|start|proceed|put"
    r"|collect|take"
    r"|give|make|talk to|speak (?:to|with)|due|go|screen|evaluate|consult|follow|measure|obtain|include|includes"
    r"|complete|renew|booked|referred|arranged|requested|like|want|wan ?na|want)\b"
)
_RESULTS_BEFORE = re.compile(
    r"\b(?:look(?:ing)? at|review(?:ed|ing)?|results?|go over|going over|show(?:s|ed|ing)? (?:me|us|that|the)"
    r"|pull(?:ed)? up|talk about"
    r"|discuss|based on|saw|read|had (?:a|an|your|the|some|that)|did (?:a|an|your|the|some|that)|got (?:your|the"
    r"|back)|done|took|last"
    r"|previous|prior|recent|(?:see|have) (?:your|the)\s*$|looked at|from (?:the|your)|after|before (?:the|your)"
    r"|when (?:the|your)"
    r"|until|because|wait(?:ing)? (?:for|on)|pending|reviewing|consider(?:ing|ation)?|seen (?:the|a|your)"
    r"|have you (?:had"
    r"|seen|been))\b"
)
_RESULTS_AFTER = re.compile(
    r"^\s*(?:,\s)?(?:results?\b(?! (?:are|is) (?:back|in))|that (?:we|you|i|they|was)\b|(?:we|you|i) (?:did|had|got"
    r"|took)|you (?:had|did|got)|show(?:s|ed)|was\b|were\b|is (?:pretty |really |very |a (?:little|bit) "
    r"|still )*(?:high|low|up|down|elevated|back|stable|normal|fine|good|negative|clear)"
    r"|came back|looks?\b|look(?:ed)? (?:good|fine|normal)|today (?:was|is|show)|from\b|reveal|demonstrat|last\b"
    r"|in the past|done\b)"
)
_CONDITION = re.compile(
    r"\b(?:if|unless|depending on|might|may (?:need|have|want|wan|be)|could (?:consider|get|do|try|look|always|also"
    r"|refer|send|order)|consider|possibly|potentially"
    r"|perhaps|down the (?:road|line)|at some point|would (?:need|have) to|in case|should (?:it|that|this|things"
    r"|your))\b"
)
CERTAIN_IF = re.compile(
    r"\b(?:see if|check if|tell if|determine if|know if|find out if|figure out if|look (?:and see )?if|even if"
    r"|if (?:it's|that's|that is) (?:okay|ok|alright)|if you (?:could|would|can|do n't mind)|if you're (?:okay|ok)"
    r"|as if|wonder if|assess if|asked? if)\b"
)
_NOT_NEEDED = re.compile(
    r"\b(?:do ?n't (?:think|need|want|wan ?na|believe|feel|see)|does ?n't need|no need|not (?:going to|gon ?na"
    r"|necessary"
    r"|needed|at this)|wo ?n't|rather than"
    r"|instead of|hold off|avoid|without|unnecessary|never|not (?:order|do|get))\b"
)


def plan_of(said: Said, start: int, end: int, visit: Sequence[Said]) -> Commitment | None:
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


def _is_planned(before: str, after: str, said: Said, visit: Sequence[Said]) -> bool:
    if said.asks or _GOOD_IDEA.match(after) or _BIDS.search(before) or _ORDERED_AFTER.search(after):
        return True
    following = visit[said.at + 1] if said.at + 1 < len(visit) else None
    if following and following.turn == said.turn and _ORDERED_AFTER.match(following.words):
        return True
    plan = _last(PLANS, before)
    return bool(plan and _ACTS.search(before, plan.start()) and not _RESULTS_BEFORE.search(before, plan.end()))


def _firmness(before: str) -> Commitment:
    return "recommended" if _SOFT.search(before) else "ordered"


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = None
    for match in pattern.finditer(text):
        found = match
    return found

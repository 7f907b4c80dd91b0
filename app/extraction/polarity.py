"""Tells whether words of a visit speak for a thing or against it: negation, stopping, and offers that are declined."""

import re

from app.language.plain import plain

_AGAINST = re.compile(
    r"\b(?:do ?n[o']?t|does ?n'?t|did ?n'?t|wo n'?t|won't|would ?n'?t|should ?n'?t|ca ?n'?t|cannot|could ?n'?t|"
    r"is ?n'?t|are ?n'?t|"
    r"not|never|no longer|no more|no need (?:for|to)|without|avoid\w*|instead of|rather than|"
    r"stay(?:ing)? (?:away from|off)|"
    r"keep away from|steer clear|refrain|hold(?:ing)? off|lay off|stop\w*|quit\w*|discontinu\w*|come off|"
    r"coming off|came off|"
    r"get (?:you )?off|take you off|taking you off|allerg\w+ to|no|den(?:y|ies|ied)|negative for|free of|"
    r"ruled? out|decline\w*|"
    r"refus\w*|cut(?:ting)? (?:out|back|down)|limit\w*|skip\w*|hold the|hold your|held)\b"
)
_STOPS = re.compile(
    r"\b(?:stop\w*|quit\w*|discontinu\w*|come off|coming off|came off|get (?:you )?off|tak(?:e|ing) you off|"
    r"hold\w*|held|"
    r"no longer|no more|not (?:take|taking|use|using)|do ?n[o']?t (?:take|use|want you (?:to take|taking|on))|"
    r"wean\w*|avoid\w*|"
    r"stay(?:ing)? (?:away from|off)|instead of|switch\w*|replac\w*|rather than|cut out|off (?:of )?(?:the|your|that)|"
    r"get rid of|done with|finish\w*)\b"
)
# "not only", "no problem", "do n't forget to" and "no later than" deny nothing.
_DENIES_NOTHING = re.compile(
    r"\b(?:(?:do ?n[o']?t|not|never|without)\b[^.?!]{0,24}\b(?:stop|skip|quit|miss|forget)\w*|not only|"
    r"no problem\w*|(?:do ?n[o']?t|never) (?:forget|worry|hesitate|miss|stop|skip)|why do ?n[o']?t (?:we|you|i)|"
    r"no later than|not (?:sure|too bad|bad)|no worries|without (?:fail|missing)|if (?:it|that|this|you|they|"
    r"things?|the \w+) "
    r"(?:do|does|is|are|did)(?: ?n[o']?t| not)[^,.]*|(?:is|are|has|have)(?: ?n[o']?t| not) (?:controlled|better|"
    r"well|working|gone)|"
    r"no,? (?:i|we|you|so|but|that|let|go|it)\b|no[.,])"
)
_OFFER = re.compile(
    r"\b(?:would you (?:like|want|be|consider)|do you want|are you (?:interested|willing|open|okay|ok)|"
    r"we (?:could|can|might)|"
    r"(?:i|we) (?:would|'?d) (?:like|recommend|suggest|offer)|how about|what about|can i (?:offer|give|get)|"
    r"should we|shall we|"
    r"have you (?:thought|considered)|i recommend|i suggest|you (?:could|might|may)|if you(?:'d)? (?:like|want))\b|\?"
)
_REFUSAL = re.compile(
    r"(?:(?:um|uh|oh|well|okay|ok|yeah|hmm|honestly|actually|so|and)[\s,.]+)*(?:no\b(?:[\s,.]+(?:thanks|thank|i|"
    r"not)\b)|"
    r"nope\b|no way|absolutely not|not (?:right now|really interested|today|for me|interested)|"
    r"i(?:'d| would) (?:rather|prefer) not|i(?:'d| would) rather (?:wait|hold|avoid)|"
    r"i (?:really )?(?:do ?n[o']?t|do not|would ?n'?t) (?:want|like|think i (?:want|need)|need|feel comfortable|"
    r"believe in)|"
    r"i(?:'m| am) (?:not (?:interested|comfortable|ready|going to|gon ?na)|good without)|i(?:'ll| will) pass|"
    r"let(?:'s| us) (?:not|hold off|wait)|no thank)"
)
_QUESTION = re.compile(r"\?\W*$|^(?:and |any |have you |do you |are you |is there |did you |has there )")
# A new thought begins here, unless it hangs on "I do n't think" or "if".
_BORDER = re.compile(
    r"[?!;\r\n]|(?<!\d)[ .]\.\s|\w\.\s|\b(?:but|however|so|instead,|okay|alright|all right|let'?s|let me)\b|"
    r"(?<!think )(?<!that )(?<!if )(?<!why )\b(?:and (?:then|i|we|you|continue|start|take|keep)|"
    r"i (?:want|wan ?na|will|would|recommend)|i'(?:m gon ?na|m going to|ll|d like)|we (?:will|can|should)|"
    r"we'(?:ll|re going to|re gon ?na)|you (?:can|will|should)|you'(?:ll|re gon ?na))\b"
)
_NO = re.compile(
    r"(?:(?:um|uh|oh|well|okay|hmm)[\s,.]+)*(?:no|nope|none|never|nothing|not (?:that|really|at)|negative|i (?:do|"
    r"have)(?: ?n[o']?t))\b"
)


def speaks_against(text: str) -> bool:
    """Whether a clause denies, forbids, stops or avoids what it talks about."""
    return bool(_AGAINST.search(_DENIES_NOTHING.sub(" ", plain(text))))


def tells_to_stop(text: str) -> bool:
    """Whether a clause ends a treatment."""
    return bool(_STOPS.search(_DENIES_NOTHING.sub(" ", plain(text))))


def refuses(offer: str, answer: str) -> bool:
    """Whether the answer turns down what was offered or asked right before it."""
    asked = plain(offer)[-160:]
    return bool(_OFFER.search(asked)) and bool(_REFUSAL.match(plain(answer)))


def asks(text: str) -> bool:
    """Whether words from a quote to the end of its turn are one question, in speech with or without question marks."""
    small = plain(text)
    return len(small) < 200 and bool(_QUESTION.search(small))


def answers_no(answer: str) -> bool:
    """Whether an answer begins with a no."""
    return bool(_NO.match(plain(answer)))


def clause_around(text: str, start: int, end: int) -> str:
    """The clause that holds `text[start:end]`: at most 60 characters before it, from the last "but", and 24 after."""
    before, after = plain(text[max(0, start - 60) : start]), plain(text[end : end + 24])
    first = max((border.end() for border in _BORDER.finditer(before)), default=0)
    last = min((border.start() for border in _BORDER.finditer(after)), default=len(after))
    return f"{before[first:]}{plain(text[start:end])}{after[:last]}"

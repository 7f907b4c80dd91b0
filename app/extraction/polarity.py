"""Tells whether words of a visit speak for a thing or against it: negation, stopping, and offers that are declined."""

import re

from app.language.plain import plain
from app.language.sieve import ByBeginnings, needed_words
from app.language.speech import VALUES

_NOT = r"(?:not|never|cannot|(?:do|does|did|wo|would|should|ca|could|is|are|was|were|has|have|had)[ ]?n[o']?t)"
_STOPPING = (
    r"stop\w*|quit(?:s|ting)?|discontinu\w*|cancel\w*|com(?:e|ing) off|came off|(?:get|take|taking|taken) (?:you )?off|"
    r"avoid\w*|stay(?:ing)? (?:away|off)|keep away|steer clear|lay off|hold(?:ing)? off|hold (?:the|your|that)|held|"
    r"no longer|no more|instead of|rather than|cut(?:ting)? out|refrain\w*"
)
_AGAINST = re.compile(
    rf"\b(?:{_NOT}|{_STOPPING}|no|without|den(?:y|ies|ied)|negative for|free of|ruled? out|declin\w*|refus\w*|"
    r"cut(?:ting)? (?:back|down)|limit\w*|skip\w*|allerg\w+ to)\b"
)
_STOPS = re.compile(
    rf"\b(?:{_STOPPING}|{_NOT} (?:be |been )?(?:tak\w*|us\w*|on|(?:\w+ly )?recommend\w*)|"
    rf"{_NOT} want you (?:to (?:take|use|be)|taking|using|on)|{_NOT}\b[^.?!]{{0,32}}\bneed\w*|wean\w*|"
    r"switch\w*|replac\w*|off (?:of )?(?:the|your|that)|get rid of|done with|finish\w*)\b"
)
_WORDS_AGAINST, _WORDS_OF_STOPPING = ByBeginnings(_AGAINST), ByBeginnings(_STOPS)
# "do n't forget to", "not going to change", "no problem" and "if it does n't get better" deny nothing to be done.
_DENIES_NOTHING = re.compile(
    rf"\b(?:{_NOT}\b[^.?!]{{0,24}}\b(?:stop|skip|quit|miss|forget|worry|hesitate|chang|adjust)\w*|no (?:problem|"
    rf"worries)\w*|"
    rf"no (?:chang|adjust)\w*|not only|why {_NOT} (?:we|you|i)|no later than|not (?:sure|too bad|bad|an? (?:major|"
    rf"big|huge))|"
    rf"without (?:fail|missing)|"
    rf"if (?:it|that|this|you|they|things?|the \w+)[^,.]{{0,12}} ?{_NOT}[^,.]*|"
    rf"{_NOT} (?:controlled|better|well|working|gone)|no[ ,]+(?:i|we|you|so|but|that|let|go|it|just)\b|no ?[.,])"
)
_OFFER = re.compile(
    r"\b(?:would you (?:like|want|be|consider)|do you want|are you (?:interested|willing|open|okay|ok)|"
    r"we (?:could|can|might)|"
    r"(?:i|we)(?: would|'?d) (?:like|recommend|suggest|offer)|how about|what about|can i (?:offer|give|get)|"
    r"(?:should|shall) we|have you (?:thought|considered)|i (?:recommend|suggest)|you (?:could|might|may)|"
    r"if you(?:'d)? (?:like|want))\b|\?"
)
_OTHER_QUESTION = re.compile(
    r"\b(?:questions?|concerns?|worries|make sense|anything else|any other|allerg\w+|"
    r"sound)\b[^?]*\??\W*$"
)
_OPENING = r"(?:(?:um|uh|oh|well|okay|ok|yeah|hmm|honestly|actually|so|and)[\s,.]+)*"
_REFUSAL = re.compile(
    rf"{_OPENING}(?:no\b[\s,.]+(?:thanks|thank|i|not)\b|nope\b|no way|absolutely not|let's (?:not|hold off|wait)|"
    r"not (?:right now|really interested|today|for me|interested)|i(?:'d| would) (?:(?:rather|prefer) not|"
    r"rather (?:wait|hold|avoid))|"
    rf"i (?:really )?{_NOT} (?:want|like|think i (?:want|need)|need|feel comfortable|believe in)|i(?:'ll| will) pass|"
    r"i(?:'m| am) (?:not (?:interested|comfortable|ready|going to|gon ?na)|good without))"
)
_NO = re.compile(rf"{_OPENING}(?:no|nope|none|never|nothing|not (?:that|really|at)|negative|i {_NOT})\b")
_QUESTION = re.compile(
    r"\?\W*$|^(?:(?:and|um|uh|okay|so)[\s,]+)*(?:any|have you|do you|are you|is there|did you|"
    r"has there)\b"
)
_SENTENCE_END = re.compile(r"[?.!]+")
_SHORT_QUESTION = 200
# A new thought begins here, unless it hangs on "I do n't think" or "if".
_BORDER = re.compile(
    r"[?!;\r\n]|(?<!\d)[ .]\.\s|\w\.\s|\b(?:but|however|so|instead,|okay|alright|all right|let'?s|let me|what|"
    r"which|can i)\b|"
    r"(?<!think )(?<!that )(?<!if )(?<!why )\b(?:and (?:then|i|we|you|continue|start|take|keep)|"
    r"i (?:want|wan ?na|will|would|recommend)|i'(?:m gon ?na|m going to|ll|d like)|we (?:will|can|should)|"
    r"we'(?:ll|re going to|re gon ?na)|you (?:can|will|should)|you'(?:ll|re gon ?na))\b"
)
# Words right after a thing that speak against it: "the lisinopril is stopped", "diarrhea no".
_AFTER = re.compile(
    rf"\W*(?:(?:is|are|was|were|has|have)(?: been)? (?:stopped|held|ruled)|{_NOT} (?:needed|necessary)|stop|no\W*$)"
)
# All of them but this one speak against a thing before it as well.
_ONLY_AFTER = "ruled"
# Among the marks of a turn: something in it may be spoken against.
AGAINST = VALUES.add_words(needed_words(_AGAINST, _AFTER))


def speaks_against(text: str) -> bool:
    """Whether a clause denies, forbids, stops or avoids what it talks about."""
    return _is_said(_WORDS_AGAINST, _AGAINST, plain(text))


def tells_to_stop(text: str) -> bool:
    """Whether a clause ends a treatment."""
    return _is_said(_WORDS_OF_STOPPING, _STOPS, plain(text))


def _is_said(words: ByBeginnings, pattern: re.Pattern[str], small: str) -> bool:
    """Whether the words are said, and not only in what denies nothing; most clauses do not say them at all."""
    if not words.search(small):
        return False
    rest, times = _DENIES_NOTHING.subn(" ", small)
    return not times or pattern.search(rest) is not None


def may_be_spoken_against(text: str) -> bool:
    """Whether anything in a text can be spoken against: False of most, after one look."""
    small = plain(text)
    return _ONLY_AFTER in small or _WORDS_AGAINST.search(small) is not None


def is_spoken_against(text: str, start: int, end: int) -> bool:
    """Whether the thought around `text[start:end]` speaks against it, in the 60 characters before it or right after."""
    if _AFTER.match(plain(text[end : end + 24])):
        return True
    before = plain(text[max(0, start - 60) : start])
    if not _WORDS_AGAINST.search(before):
        return False
    first = max((border.end() for border in _BORDER.finditer(before)), default=0)
    return speaks_against(f"{before[first:]} …")


def refuses(offer: str, answer: str) -> bool:
    """Whether the answer turns down what was offered right before it, and does not answer some other question."""
    if not _REFUSAL.match(plain(answer)):
        return False
    asked = plain(offer)[-160:]
    return bool(_OFFER.search(asked)) and not _OTHER_QUESTION.search(asked)


def asks(quote: str, rest: str) -> bool:
    """Whether a quote, with the rest of its turn after it, is a question that the turn ends with."""
    whole = quote.rstrip().endswith((".", "!"))
    end = _SENTENCE_END.search(rest)
    sentence = quote if whole else quote + (rest[: end.end()] if end else rest)
    return len(quote) + len(rest) < _SHORT_QUESTION and bool(_QUESTION.search(plain(sentence)))


def answers_no(answer: str) -> bool:
    """Whether an answer begins with a no."""
    return bool(_NO.match(plain(answer)))

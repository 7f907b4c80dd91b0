"""Tells how a proposal was taken: agreed to, turned down, or taken back by the one who made it."""

import re
from collections.abc import Sequence

from app.llm.offline.clauses_said import Said
from app.llm.offline.excerpt import Excerpt
from app.llm.offline.phrase_lists import phrases
from app.llm.offline.tidy import tidy

_REFUSES = phrases("replies", "refuses")
_REFUSES_ALL = phrases("replies", "refuses_all")
_GIVES_IN = phrases("replies", "gives_in")
_LETS_BE = phrases("replies", "lets_be")
_INSISTS = phrases("replies", "insists")
_BARE_NO = re.compile(
    r"\W*(?:(?:oh|well|um+|uh|hmm|honestly)\W+)*(?:no|nope|nah|(?:no\W+)?i do ?n't think so)"
    r"\b\W*(?:(?:sorry|doctor|doc|please|not really)\W*)?"
)
# Behind the proposal something else was asked, which the "no" answers.
_ASKED_SINCE = re.compile(
    r"\?|\b(?:any|question|do you|are you|have you|did you|does|is that|is there|how|what|okay)\b"
)
_OPENS = r"^(?:(?:okay|ok|alright|all right|fair enough|sure|fine|no problem|well|then|so|right)[,.]? ?)*"
_TAKES_BACK = re.compile(
    rf"{_OPENS}(?:we|i)(?:'ll| will) (?:not|skip|hold off|leave (?:it|that))"
    r"|\b(?:we|i) wo ?n't\b(?= ?(?:[.,;!]|$)|(?: \w+)? (?:start|book|order|do|refer|prescribe|go|then)\b)"
    r"|\bno (?:follow-?up|referral|scan|tests?|tablets|bloods|injection|jab|shot|vaccine|pressure) then\b"
    r"|\b(?:we|i)(?:'ll| will| can) (?:skip|hold off|leave (?:it|that|things))\b"
)
# "No MRI then", but not "no belly pain".
_NO_THING = re.compile(rf"{_OPENS}no (?P<thing>[\w -]{{2,40}})")
_AGREES = re.compile(
    r"^(?:(?:oh|um|uh|well|okay|ok|i think),? )*(?:yes|yeah|yep|sure|please|ok|okay|great|good|sounds|fine"
    r"|of course|absolutely"
    r"|definitely|all right|alright|perfect|that (?:would be|sounds|'d be)|i'd (?:like|love)|let's)\b"
)
_THAT = re.compile(
    r"^(?:\w+ ){0,3}?(?:that|it|this|one|those|them|any)(?=\s*(?:$|[.,;!]|(?:right|now|today|done|because|so|yet|at|if"
    r"|but|really|just|i|though|either|anyway)\b))"
)
_NEAR = 14
_A_FEW = 3
_LONGEST_REPLY = 200


def declined(said: Said, visit: Excerpt, thing: str) -> bool:
    """Whether the other speaker refuses `thing` in the next turn, or the clinician takes it back in the one after."""
    refused = [
        other for other in visit.behind(said, _NEAR - 1) if other.turn == said.turn + 1 and not other.by_clinician
    ]
    answer = _joined(refused)
    if not answer or _agrees_after_all(answer):
        return False
    following = visit.behind(said, _NEAR - 1, turns=2)
    taken_back = [other for other in following if other.turn == said.turn + 2 and other.by_clinician][:2]
    reply = _joined(taken_back)
    if _ends_its_turn(said, visit) and is_turned_down(_said_since(said, visit), answer, reply):
        return True
    return any(_refuses(other.words, thing) for other in refused[:2]) or any(
        _takes_back(other.words, thing) for other in taken_back
    )


def is_turned_down(since: str, answer: str, reply: str) -> bool:
    """Whether an answer, in plain words, refuses what was just proposed, and the clinician's reply lets it be.

    `since`: what the clinician said between the proposal and the answer.
    """
    as_said = answer[:_LONGEST_REPLY]
    answer, reply = tidy(answer)[:_LONGEST_REPLY], tidy(reply)[:_LONGEST_REPLY]
    if _agrees_after_all(answer) or _INSISTS.search(reply):
        return False
    if (
        _REFUSES_ALL.search(as_said)
        or _REFUSES_ALL.search(answer)
        or (_BARE_NO.fullmatch(answer) and not _ASKED_SINCE.search(since))
    ):
        return True
    return bool(_LETS_BE.search(reply) or _TAKES_BACK.search(reply)) and not _AGREES.match(answer)


def _agrees_after_all(answer: str) -> bool:
    """Whether one who hesitates gives in: "i hate needles but okay"; what is refused in the end stays refused."""
    gives_in = _last(_GIVES_IN, answer)
    if not gives_in:
        return False
    refuses = _last(_REFUSES_ALL, answer)
    return not (refuses and refuses.start() > gives_in.start())


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = None
    for match in pattern.finditer(text):
        found = match
    return found


def _said_since(said: Said, visit: Excerpt) -> str:
    return _joined(visit.behind_in_turn(said, _A_FEW - 1))


def _joined(said: Sequence[Said]) -> str:
    return " ".join(other.words for other in said)


def _ends_its_turn(said: Said, visit: Excerpt) -> bool:
    """Whether hardly anything is said behind the clause in its turn, so that the answer is to it."""
    return len(visit.behind_in_turn(said, _A_FEW - 1)) < _A_FEW - 1


def _takes_back(words: str, thing: str) -> bool:
    none = _NO_THING.match(words)
    return bool(_TAKES_BACK.search(words)) or bool(none and thing.split()[-1].lower() in none["thing"])


def _refuses(words: str, thing: str) -> bool:
    """What is refused must be the thing, or nothing else: "i don't want that", not "i don't want to go to hospital"."""
    found = _REFUSES.search(words)
    if not found:
        return False
    object_of = words[found.end() :].strip(" .,!")
    return len(object_of.split()) < _A_FEW or bool(_THAT.search(object_of)) or thing.split()[-1].lower() in object_of


def agreed(said: Said, visit: Excerpt) -> bool:
    """Whether the other speaker says yes at once."""
    following = [other for other in visit.behind(said, _NEAR - 1) if other.turn == said.turn + 1]
    return bool(following) and not following[0].by_clinician and bool(_AGREES.match(following[0].words))

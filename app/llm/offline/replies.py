"""Tells how a proposal was taken: agreed to, turned down, or taken back by the one who made it."""

import re
from collections.abc import Sequence

from app.llm.offline.clauses_said import Said
from app.llm.offline.phrase_lists import phrases

_REFUSES = phrases("replies", "refuses")
_OPENS = r"^(?:(?:okay|ok|alright|all right|fair enough|sure|fine|no problem|well|then|so|right)[,.]? ?)*"
_TAKES_BACK = re.compile(
    rf"{_OPENS}(?:we|i)(?:'ll| will) (?:not|skip|hold off|leave (?:it|that))"
    r"|\b(?:we|i) wo ?n't (?:start|book|order|do|refer|prescribe|go)\b"
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


def declined(said: Said, visit: Sequence[Said], thing: str) -> bool:
    """Whether the other speaker refuses `thing` in the next turn, or the clinician takes it back in the one after."""
    following = [other for other in visit[said.at + 1 : said.at + _NEAR] if other.turn > said.turn]
    refused = [other for other in following if other.turn == said.turn + 1 and not other.by_clinician][:2]
    taken_back = [other for other in following if other.turn == said.turn + 2 and other.by_clinician][:2]
    return any(_refuses(other.words, thing) for other in refused) or any(
        _takes_back(other.words, thing) for other in taken_back
    )


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


def agreed(said: Said, visit: Sequence[Said]) -> bool:
    """Whether the other speaker says yes at once."""
    following = [other for other in visit[said.at + 1 : said.at + _NEAR] if other.turn == said.turn + 1]
    return bool(following) and not following[0].by_clinician and bool(_AGREES.match(following[0].words))

"""Finds the turns that a description comes from: where a thing is said, where its details are, and what it is for."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.language.drugs import find_drugs
from app.language.numbers import find_numbers
from app.language.phrases import words
from app.language.plain import plain
from app.language.procedures import find_procedures
from app.llm.offline.intent import PLANS
from app.llm.offline.phrase_lists import CUES
from app.llm.offline.topics import topic_of

# Chosen on labelled visits; the figures change little around them.
_NAME_WEIGHT = 1.5
_PLAN_BONUS = 0.1
_SAID_AGAIN_AT_LEAST = 0.8
_ADDS_AT_LEAST = 0.2
_DETAILS_WITHIN = 8
_TOPIC_WITHIN = 2
_REASON_AT_LEAST = 0.5

_WORD = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")
_IDLE = words(
    """
    a an the of to and in on at for it that this is you your i we me my so or be as with um uh then up do have if can
    will get go let's i'll we'll just
    """
)
_SPELLINGS = {"mg": "milligram", "mgs": "milligram", "mcg": "microgram", "ml": "milliliter"}


@dataclass(frozen=True, slots=True)
class TurnIndex:
    """The marks of each turn, which of them plan something, and in how many turns each mark stands."""

    turns: Sequence[str]
    marks: list[frozenset[str]]
    plans: list[bool]
    spread: Counter[str]

    def find(self, description: str, reason: str | None = None) -> list[int]:
        """Indexes of the turns that tell of a thing, ascending; empty only when no word of it is said.

        The turn with the most of the description's words, rare words counting more (inverse document frequency,
        Spärck Jones 1972, within the visit), drugs and tests under any of their names and numbers in any form; of
        equals the last that plans something. Then the turns that plan nearly the same, a turn nearby that holds
        details these lack, and the turn that says what it is for: the one most like the reason, where that is known
        and was said, else the nearest one before that turns to a problem.
        """
        if not self.turns:
            return []
        wanted = self.weighted(_marks(description))
        scores = self.scores(wanted)
        if not any(scores):
            return []
        said = _said(self, scores)
        beside = (_details(self, wanted, said), _purpose(self, reason, said))
        return sorted({*said, *(turn for turn in beside if turn is not None)})

    def weighted(self, marks: frozenset[str]) -> dict[str, float]:
        """Shares of the whole weight, so that a turn with every mark scores 1."""
        weights = {mark: self._weight(mark) for mark in marks}
        return {mark: weight / sum(weights.values()) for mark, weight in weights.items()}

    def scores(self, wanted: Mapping[str, float]) -> list[float]:
        """How much of what is wanted each turn holds, 0 to 1."""
        return [sum(weight for mark, weight in wanted.items() if mark in marks) for marks in self.marks]

    def _weight(self, mark: str) -> float:
        rarity = math.log(1 + len(self.turns) / (0.5 + self.spread[mark]))
        return rarity * (_NAME_WEIGHT if mark.startswith(("drug ", "test ")) else 1.0)


def index_turns(turns: Sequence[str]) -> TurnIndex:
    """The index of one visit; it holds the words of the visit and is to be dropped with it."""
    marks = [_marks(turn) for turn in turns]
    plans = [bool(PLANS.pattern.search(plain(turn))) for turn in turns]
    return TurnIndex(turns, marks, plans, Counter(mark for of_turn in marks for mark in of_turn))


def _marks(text: str) -> frozenset[str]:
    """What two texts are compared by: words, drugs and tests by their usual names, numbers by their values."""
    drugs, numbers = find_drugs(text), find_numbers(text)
    named = {f"drug {drug.canonical}" for drug in drugs} | {f"test {test.name}" for test in find_procedures(text)}
    counted = {f"number {bound:g}" for number in numbers for bound in (number.low, number.high)}
    taken = [(drug.start, drug.end) for drug in drugs] + [(number.start, number.end) for number in numbers]
    spoken = (word for word in _WORD.finditer(text) if not any(a <= word.start() < b for a, b in taken))
    return frozenset(named | counted | {_stem(word[0].lower()) for word in spoken} - _IDLE)


def _stem(word: str) -> str:
    word = _SPELLINGS.get(word, word)
    return word[:-1] if len(word) > 4 and word.endswith("s") else word


def _said(index: TurnIndex, scores: Sequence[float]) -> list[int]:
    """The turn that tells the thing best, first, and the others that plan nearly the same."""
    best = max(range(len(scores)), key=lambda turn: (scores[turn] + _PLAN_BONUS * index.plans[turn], turn))
    enough = _SAID_AGAIN_AT_LEAST * scores[best]
    return [
        best,
        *(turn for turn, score in enumerate(scores) if index.plans[turn] and score >= enough and turn != best),
    ]


def _details(index: TurnIndex, wanted: Mapping[str, float], said: Sequence[int]) -> int | None:
    scores = index.scores({mark: weight for mark, weight in wanted.items() if mark not in index.marks[said[0]]})
    near = [turn for turn in range(len(scores)) if any(abs(turn - at) <= _DETAILS_WITHIN for at in said)]
    best = max(near, key=lambda turn: (scores[turn], -abs(turn - said[0])))
    return best if scores[best] >= _ADDS_AT_LEAST else None


def _purpose(index: TurnIndex, reason: str | None, said: Sequence[int]) -> int | None:
    if reason and (told := _reason_told(index, reason, said)) is not None:
        return told
    earliest = min(said)
    before = range(earliest, max(-1, earliest - 1 - _TOPIC_WITHIN), -1)
    return next((turn for turn in before if _turns_to_a_topic(index.turns[turn])), None)


def _turns_to_a_topic(turn: str) -> bool:
    words = plain(turn)
    return topic_of(words, CUES.marks(words)) is not None


def _reason_told(index: TurnIndex, reason: str, said: Sequence[int]) -> int | None:
    """The turn most like the reason, one that tells the thing itself before any other, then the last."""
    scores = index.scores(index.weighted(_marks(reason)))
    best = max(range(len(scores)), key=lambda turn: (scores[turn], turn in said, turn))
    return best if scores[best] >= _REASON_AT_LEAST else None

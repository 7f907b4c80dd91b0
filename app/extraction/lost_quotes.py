"""Finds words that prove an item whose own quotes stand nowhere in the transcript."""

from functools import cached_property
from typing import Any

from app.extraction.matching import main_text, token_f1
from app.extraction.provenance import TurnIndex, index_turns
from app.extraction.visit import Visit
from app.language.clauses import split_clauses
from app.language.turns import Turn

_VALUES = ("dosage", "frequency", "duration", "due", "value", "unit", "reaction")
QUOTES_AT_MOST = 2


class LostQuotes:
    """The search over one visit; its index is made only if something is lost."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    def find(self, category: str, item: dict[str, Any]) -> list[dict[str, Any]]:
        """Up to two quotes in a model's shape, each the clause most like the item in a turn that tells of it.

        They are a proposal: only the check of the item's values against them tells whether they prove it.
        """
        wanted = " ".join([main_text(category, item), *(str(item[name]) for name in _VALUES if item.get(name))])
        places = self._index.find(wanted)[:QUOTES_AT_MOST]
        return [self._quote(self._visit.turns[place], wanted) for place in places]

    @cached_property
    def _index(self) -> TurnIndex:
        return index_turns([self._visit.text[turn.start : turn.end] for turn in self._visit.turns])

    def _quote(self, turn: Turn, wanted: str) -> dict[str, Any]:
        text = self._visit.text[turn.start : turn.end]
        clauses = [text[clause.start : clause.end] for clause in split_clauses(text)]
        return {"turn": turn.number, "quote": max(clauses, key=lambda clause: token_f1(wanted, clause), default=text)}

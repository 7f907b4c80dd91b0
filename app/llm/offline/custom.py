"""Finds clauses that speak of a clinic's own categories, by the words of their names and descriptions."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from app.language.plain import plain
from app.llm.offline.clauses_said import Said

Item = dict[str, Any]

_WORD = re.compile(r"[^\W\d_]{4,}")
# Words that say how a category is kept rather than what it is about.
_SAYS_NOTHING = re.compile(
    r"(?:code|codes|list|lists|item|items|note|notes|other|about|patient|patients|doctor|clinician|clinic|visit"
    r"|that|this|with"
    r"|from|what|which|when|they|their|have|should|anything|mentioned|mention|mentions|said|told|information"
    r"|details?|status|during|were|will|must|need|needs|every|each)"
)
_ENDING = re.compile(r"(?<=\w{3})(?:ings?|ed|ers?|ions?|es|s|e|y|ies)$")
_MOST_ITEMS = 3
_ENOUGH_OF_DESCRIPTION = 2


def read_custom(visit: Iterable[Said], categories: Sequence[dict[str, Any]]) -> list[Item]:
    """Items of `findings.Custom`: at most three clauses a category, which name it or share words of its description."""
    return [item for category in categories for item in _of_category(visit, category)]


def _of_category(visit: Iterable[Said], category: dict[str, Any]) -> list[Item]:
    name = str(category.get("name") or "")
    names, described = _stems(name), _stems(str(category.get("description") or ""))
    found = [said for said in visit if _speaks_of(said, names, described)]
    return [_item(name, said) for said in found[:_MOST_ITEMS]] if name else []


def _speaks_of(said: Said, names: set[str], described: set[str]) -> bool:
    if said.asks:
        return False
    stems = _stems(said.words)
    return bool(stems & names) or len(stems & described) >= _ENOUGH_OF_DESCRIPTION


def _stems(text: str) -> set[str]:
    """The telling words without their endings, so that "smoking" and "smokes" meet."""
    words = _WORD.findall(plain(text).replace("_", " "))
    return {_ENDING.sub("", word) for word in words if not _SAYS_NOTHING.fullmatch(word)}


def _item(name: str, said: Said) -> Item:
    return {"category": name, "value": said.text, "commitment": "continuing", "evidence": [said.quote()]}

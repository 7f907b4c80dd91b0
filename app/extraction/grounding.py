"""Checks that the quotes of an item are about its subject: the drug that it names, or the thing that it describes."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from rapidfuzz import fuzz

from app.extraction.claims import stems
from app.extraction.folding import fold
from app.extraction.support import Region
from app.extraction.values import Value
from app.language.clauses import split_clauses
from app.language.drugs import find_drugs, is_drug_name
from app.language.problems import find_problems
from app.language.procedures import find_procedures
from app.language.turns import Turn

Grounding = Literal["said", "beside", "other", "nothing"]

# A misheard drug name is still the name from this likeness on (rapidfuzz ratio, 0 to 100).
_NAME_ALIKE = 82.0
_NAME_LONG_ENOUGH = 5
_PART_OF_A_WORD = re.compile(r"[\w'’]|[^\x00-\x7f]")
_TURNS_BACK = 12
_COMBINED = re.compile(r"[/+&]|\b(?:and|with)\b|(?<=[a-z])-(?=[a-z])", re.IGNORECASE)
_JOINS = ("/", "+", "&", "-", "and", "with")
# Words that ask for the same thing, by their stems.
_ALIKE = (
    stems("return revisit follow followup visit appointment see back again recheck reassess review schedule book"),
    stems("call phone ring contact notify inform report message tell"),
    stems("avoid stay away limit cut less without stop"),
)


def drugs_named(name: str) -> frozenset[str]:
    """Canonical names of the drugs in a name, also of the parts of a combination; an unknown name stands for itself."""
    return _drugs_named(name) if is_drug_name(name) else _drugs_named.__wrapped__(name)


@lru_cache(4096)
def _drugs_named(name: str) -> frozenset[str]:
    known = frozenset([drug.canonical for part in _parts(name) for drug in find_drugs(f"take {part}")])
    return known or frozenset([" ".join(name.casefold().split())])


def are_classes(told: Sequence[Value]) -> bool:
    """Whether the values of a name stand for classes of medicines ("antibiotic"), so that any of them may be meant."""
    found = [value for value in told if value.kind == "drug"]
    return bool(found) and not any(value.drugs for value in found)


def medicines_in(text: str, told: Sequence[Value]) -> frozenset[str]:
    """Canonical names of the medicines in a text with these values, also of the parts of a combination; no classes."""
    parts = _split(text)
    found = [drug.canonical for part in parts for drug in find_drugs(part) if drug.kind != "class"] if parts[1:] else []
    return frozenset(found).union(*[value.drugs for value in told if value.kind == "drug"])


def _parts(name: str) -> list[str]:
    parts = _split(name)
    return parts if len(parts) == 1 else [name, *parts]


def _split(text: str) -> list[str]:
    """Most texts combine nothing: that is told sooner than searched for."""
    small = text.lower()
    if small.isascii() and not [join for join in _JOINS if join in small]:
        return [text]
    return _COMBINED.split(text)


def ground_drug(name: str, wanted: frozenset[str], region: Region) -> Grounding:
    """Whether the quotes name the drug; when it was named beside or before them, that mention joins the quotes.

    `wanted` are the canonical names that are meant (see `drugs_named`).
    """
    if _is_said(name, region):
        return "said"
    named = region.values("drug")
    if any(value.key in wanted for value in named) or _sounds_like(name, region.text()):
        return "said"
    if mention := _named_nearby(wanted, region):
        region.add_span(mention[0].start, mention[0].end, mention[1])
        return "beside"
    return "other" if any(value.drugs for value in named) else "nothing"


def ground_words(subject: str, region: Region) -> Grounding:
    """Whether the quotes, or the clauses beside them, share a word that carries meaning with the subject."""
    if region.says_a_word_of(subject):
        return "said"
    wanted, said = region.about, region.stems()
    if any(wanted & alike and said & alike for alike in _ALIKE):
        return "said"
    if _nearly_shared(wanted, said) or terms(subject) & terms(region.text()):
        return "said"
    for start, end, turn in region.windows():
        for clause in split_clauses(region.searchable.text[start:end]):
            if wanted & stems(region.searchable.text[start + clause.start : start + clause.end]):
                region.add_span(start + clause.start, start + clause.end, turn)
                return "beside"
    return "nothing"


def terms(text: str) -> frozenset[str]:
    """The usual names of the problems and procedures in a text: "high blood pressure" is hypertension."""
    procedures = frozenset(procedure.name for procedure in find_procedures(text))
    return procedures | {problem.name for problem in find_problems(text)}


def _is_said(name: str, region: Region) -> bool:
    """Whether a name of one long word stands in the quotes: what sounds like it need not be looked for."""
    if len(name) < _NAME_LONG_ENOUGH or not (name.isascii() and name.isalpha()):
        return False
    said = region.small()
    start = said.find(name.lower())
    end = start + len(name)
    return start >= 0 and not (_PART_OF_A_WORD.match(said[start - 1 : start]) or _PART_OF_A_WORD.match(said, end))


def _sounds_like(name: str, text: str) -> bool:
    said = {word for word in fold(text).words if len(word) >= _NAME_LONG_ENOUGH}
    wanted = [word for word in fold(name).words if len(word) >= _NAME_LONG_ENOUGH]
    return any(fuzz.ratio(word, other, score_cutoff=_NAME_ALIKE) for word in wanted for other in said)


def _named_nearby(wanted: frozenset[str], region: Region) -> tuple[Value, Turn] | None:
    """A mention of the drug beside the quotes, or the last drug named before the first of them."""
    turns = region.searchable.by_number
    for start, end, turn in region.windows():
        for value in region.searchable.stretch(turn.number).of("drug"):
            if value.key in wanted and start <= value.start and value.end <= end:
                return value, turn
    first = region.quotes[0]
    for number in range(first.turn, max(0, first.turn - _TURNS_BACK), -1):
        named = region.searchable.stretch(number).of("drug")
        before = [value for value in named if value.drugs and value.end <= first.start]
        if before:
            return (before[-1], turns[number]) if before[-1].key in wanted else None
    return None


def _nearly_shared(wanted: frozenset[str], said: frozenset[str]) -> bool:
    return any(fuzz.ratio(one, other) >= _NAME_ALIKE - 2 for one in wanted if len(one) > 3 for other in said)

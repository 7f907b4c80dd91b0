"""Finds the tests, procedures and referrals that speech names, and says of which kind each is."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple, get_args

from ahocorasick_rs import AhoCorasick, MatchKind

from app.language.plain import plain

Kind = Literal["lab", "imaging", "procedure", "treatment", "referral"]

_BORDER = re.compile(r"(?:e?s)?(?!\w)")


class Procedure(NamedTuple):
    """A test, procedure or referral named at `text[start:end]`; `name` is its usual name ("ua": "urinalysis")."""

    start: int
    end: int
    name: str
    kind: Kind


def find_procedures(text: str) -> list[Procedure]:
    """Procedures in order, whole words, the longest name at each place, without overlap; offsets in code points."""
    words = plain(text)
    return procedures_at(
        words, ((start, end) for _, start, end in _names().find_matches_as_indexes(words, overlapping=True))
    )


def procedures_at(words: str, places: Iterable[tuple[int, int]]) -> list[Procedure]:
    """The same, where all places of all names (see `procedure_names`) in plain words are known."""
    meanings = procedure_names()
    found: list[Procedure] = []
    for start, end in places:
        before = words[start - 1 : start]
        if not (before.isalnum() or before == "_") and (border := _BORDER.match(words, end)):
            found.append(Procedure(start, border.end(), *meanings[words[start:end]]))
    return _longest(found)


def _longest(found: list[Procedure]) -> list[Procedure]:
    if len(found) < 2:
        return found
    kept: list[Procedure] = []
    for procedure in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or procedure.start >= kept[-1].end:
            kept.append(procedure)
    return kept


@cache
def _names() -> AhoCorasick:
    return AhoCorasick(list(procedure_names()), matchkind=MatchKind.Standard)


@cache
def procedure_names() -> dict[str, tuple[str, Kind]]:
    """Every spelling that is known, with the usual name and the kind of what it means."""
    spellings: dict[str, tuple[str, Kind]] = {}
    for kind, names in _lines():
        for name in names:
            for spelling in _spellings(name):
                spellings.setdefault(spelling, (names[0], kind))
    return spellings


def _lines() -> Iterator[tuple[Kind, list[str]]]:
    kind: Kind = "lab"
    for line in files(__package__).joinpath("procedures.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            kind = _kind(line.strip("[]"))
        elif line and not line.startswith("#"):
            yield kind, [name.strip() for name in line.split("|")]


def _kind(heading: str) -> Kind:
    return next(kind for kind in get_args(Kind) if kind == heading)


def _spellings(name: str) -> set[str]:
    return {name, name.replace("-", " "), name.replace("-", ""), name.replace("-", " - ")}

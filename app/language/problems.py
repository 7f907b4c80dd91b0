"""Finds the names of conditions and symptoms in what was said."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from ahocorasick_rs import AhoCorasick, MatchKind

from app.language.plain import plain

ProblemKind = Literal["condition", "symptom"]

_NAMES = Path(__file__).with_name("problem_names.txt")
_WORD_GOES_ON = re.compile(r"-?\w")


@dataclass(frozen=True, slots=True)
class ProblemMention:
    """One mention, `text[start:end]`; `name` is the usual name of what was said."""

    start: int
    end: int
    name: str
    kind: ProblemKind


def find_problems(text: str) -> list[ProblemMention]:
    """Mentions in order, without overlap; whole words only, the longest name wins."""
    small = plain(text)
    automaton, meanings = _lexicon()
    found = []
    for index, start, end in automaton.find_matches_as_indexes(small):
        inside = start and small[start - 1].isalnum()
        if not inside and not _WORD_GOES_ON.match(small, end):
            found.append(ProblemMention(start, end, *meanings[index]))
    return found


@cache
def problem_names() -> dict[str, tuple[str, ProblemKind]]:
    """Every name that is known, with the usual name of what it means and its kind."""
    return dict(_read_names())


@cache
def _lexicon() -> tuple[Any, list[tuple[str, ProblemKind]]]:
    names = problem_names()
    return AhoCorasick(list(names), matchkind=MatchKind.LeftmostLongest), list(names.values())


def _read_names() -> Iterator[tuple[str, tuple[str, ProblemKind]]]:
    kind: ProblemKind = "condition"
    for line in _NAMES.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            kind = "condition" if "condition" in line else "symptom"
        elif line and not line.startswith("#"):
            usual, _, others = line.partition(":")
            for name in [usual, *others.split(",")]:
                if name.strip():
                    yield name.strip(), (usual, kind)

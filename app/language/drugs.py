"""Finds the names of medicines, classes of medicines and supplements in what was said."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from rapidfuzz.distance import OSA

from app.language.clauses import LONGEST
from app.language.drug_lexicon import LONG_WORD, Kind, lexicon
from app.language.plain import plain

# Laboratories measure these at least as often as people take them.
_MEASURED = frozenset(
    name
    for names in (
        "iron, calcium, potassium, magnesium, zinc, vitamin d, vitamin b12, vitamin c, vitamin e, vitamin k, biotin",
        "folate, folic acid, niacin, testosterone, cortisone, estradiol, estrogen, progesterone, insulin, lithium",
        "digoxin, thyroid medicine",
    )
    for name in names.split(", ")
)
_LAB_AFTER = re.compile(
    r"[\s-]*(?:levels?|labs?|deficien\w+|tests?|testing|panel|resistan\w+|dependent|studies|stores|count|gland"
    r"|channel|"
    r"(?:is|was|looks?|looked|came back|were) (?:a (?:little|bit) )?(?:low|high|normal|good|fine|elevated|stable))\b"
)
_LAB_BEFORE = re.compile(
    r"\b(?:check\w*|measure\w*|levels? of|low|high|normal|elevated|rich in|source of|deficient in)"
    r"(?: (?:your|the|an?|in|on|his|her))?\s*$"
)
_TAKEN_BEFORE = re.compile(
    r"\b(?:tak(?:e|es|ing|en)|took|on|start\w*|add\w*|prescri\w+|g[ia]ve\w*|increas\w+|decreas\w+|us(?:e|es|ed|ing)|"
    r"stop\w*|continu\w+|inject\w*|need\w*|tr(?:y|ied)|oral|extra|milligrams?|mg"
    r"|units?)\b(?:[\s,]+[\w']+){0,3}[\s,]*$"
)
_TAKEN_AFTER = re.compile(
    r"[\s,]*(?:\d|pills?|tablets?|supplements?|injections?|shots?|pump|pen|drip|infusions?|capsules?|gummies|sprays?)"
)
# Start, end and name as the lexicon has it.
Mention = tuple[int, int, str]


class _Meant(NamedTuple):
    """The names that a long word is, itself or in the plural, the shortest first; and the one that it nearly is."""

    names: tuple[str, ...]
    nearly: str | None


class Drug(NamedTuple):
    """One mention, `text[start:end]`: `name` as said, in small letters; `canonical` the one name of the substance."""

    start: int
    end: int
    name: str
    canonical: str
    kind: Kind


def is_drug_name(text: str) -> bool:
    """Whether a text is a name in the dictionary and nothing else, so that it tells of no patient."""
    return text.lower() in lexicon().meanings


def find_drugs(text: str) -> list[Drug]:
    """Mentions in order, without overlap: the longest name wins, whole words only, a plural s allowed.

    A long word that is no known name but nearly one ("lysinopril") counts as that name. Minerals, vitamins and hormones
    that laboratories measure count only where they are taken.
    """
    return drugs_in(plain(text))


def drugs_in(small: str) -> list[Drug]:
    """The same of plain words."""
    return drugs_at(small, _places(small))


def drugs_at(small: str, places: Sequence[tuple[int, int]]) -> list[Drug]:
    """The same, where all places of the names to scan for (see `Lexicon.scanned`) in plain words are known."""
    mentions = _mentions(small, places)
    if not mentions:
        return []
    meanings = lexicon().meanings
    return [
        Drug(start, end, small[start:end], *meanings[name])
        for start, end, name in mentions
        if not _is_measured(small, start, end, meanings[name][0])
    ]


def drugs_in_each(smalls: Sequence[str]) -> list[list[Drug]]:
    """The same of many texts of plain words, from one look at them all: no name runs over a line."""
    found: list[list[Drug]] = [[] for _ in smalls]
    whole = "\n".join(smalls)
    mentions = _mentions(whole, _places(whole))
    if not mentions:
        return found
    starts, meanings = [0, *accumulate(len(small) + 1 for small in smalls)], lexicon().meanings
    for first, last, name in mentions:
        at = bisect_right(starts, first) - 1
        small, start, end = smalls[at], first - starts[at], last - starts[at]
        if not _is_measured(small, start, end, meanings[name][0]):
            found[at].append(Drug(start, end, small[start:end], *meanings[name]))
    return found


def may_name_drugs(small: str, stretches: Sequence[tuple[int, int]]) -> list[bool]:
    """Whether each stretch (start, end) of plain words, or any clause of it, may name a drug, or nearly name one."""
    named = [end for _, _, end in lexicon().automaton.find_matches_as_indexes(small, overlapping=True)]
    named += [word.end() for word in LONG_WORD.finditer(small) if _meant(word[0])]
    named.sort()
    return [
        end - start > LONGEST  # a clause of it may begin inside of a word
        or bisect_right(named, start) < bisect_right(named, end)
        for start, end in stretches
    ]


def canonical_name(name: str) -> str:
    """The one name of a substance for a name as it stands in an item; an unknown name comes back in small letters."""
    found = find_drugs(f"take {name}")
    return found[0].canonical if found else " ".join(name.lower().split())


def _places(small: str) -> list[tuple[int, int]]:
    return [(start, end) for _, start, end in lexicon().automaton.find_matches_as_indexes(small, overlapping=True)]


def _mentions(small: str, places: Sequence[tuple[int, int]]) -> list[Mention]:
    words = _long_words(small)
    if not words and not places:
        return []
    whole = [(start, end, name) for start, end, meant in words for name in meant.names]
    whole += [(start, end + (small[end : end + 1] == "s"), small[start:end]) for start, end in places]
    named = _longest([it for it in whole if not _goes_before(small, it[0]) and not _goes_on(small, it[1])])
    misheard = _misheard(words, named)
    return sorted(named + misheard) if misheard else named


def _long_words(small: str) -> list[tuple[int, int, _Meant]]:
    """Where long words start and end that mean a drug, word by word."""
    found = []
    for word in set(LONG_WORD.findall(small)):
        if meant := _meant(word):
            start = small.find(word)
            while start >= 0:
                end = start + len(word)
                if not ("a" <= small[start - 1 : start] <= "z" or "a" <= small[end : end + 1] <= "z"):
                    found.append((start, end, meant))
                start = small.find(word, end)
    return found


def _goes_before(small: str, start: int) -> bool:
    before = small[start - 1 : start]
    return before.isalnum() or (before == "-" and small[start - 2 : start - 1].isalnum())


def _goes_on(small: str, stop: int) -> bool:
    behind = small[stop : stop + 1]
    if behind == "-":
        behind = small[stop + 1 : stop + 2]
    return behind.isalnum() or behind == "_"


def _longest(spans: list[Mention]) -> list[Mention]:
    if len(spans) < 2:
        return spans
    kept: list[Mention] = []
    for span in sorted(spans, key=lambda span: (span[0], -span[1], len(span[2]))):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _misheard(words: Iterable[tuple[int, int, _Meant]], named: list[Mention]) -> list[Mention]:
    starts = {start for start, _, _ in named}
    near = [(start, end, meant.nearly) for start, end, meant in words if meant.nearly and start not in starts]
    if not near:
        return []
    taken = {at for start, end, _ in named for at in range(start, end)}
    return [(start, end, name) for start, end, name in near if start not in taken]


@lru_cache(8192)
def _meant(word: str) -> _Meant | None:
    """What a long word may mean; None for most words."""
    known = lexicon().meanings
    singular = word[:-1] if word.endswith("s") and LONG_WORD.fullmatch(word[:-1]) else ""
    names, near = tuple(name for name in (singular, word) if name in known), _nearly(word)
    return _Meant(names, near) if names or near else None


def _nearly(word: str) -> str | None:
    """The common medicine that a misheard word stands for: first letter right, one letter wrong, or two of nine."""
    known = lexicon()
    if word in known.ordinary:
        return None
    allowed = 1 if len(word) < 9 else 2
    for length in range(len(word) - allowed, len(word) + allowed + 1):
        for name in known.common.get((word[0], length), ()):
            if OSA.distance(name, word, score_cutoff=allowed) <= allowed:
                return name
    return None


def _is_measured(small: str, start: int, end: int, canonical: str) -> bool:
    """Whether the mention is about a laboratory value or the body's own substance, not about something taken."""
    if canonical not in _MEASURED:
        return False
    before = small[max(0, start - 50) : start]
    if _LAB_AFTER.match(small, end) or _LAB_BEFORE.search(before):
        return True
    if canonical.startswith("vitamin"):
        return False
    return small[start:end] in _MEASURED and not (_TAKEN_BEFORE.search(before) or _TAKEN_AFTER.match(small, end))

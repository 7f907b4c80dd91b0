"""Tells cheaply which patterns cannot match in a text: one scan for the words that each pattern cannot do without."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product, repeat
from re import _constants as ops  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from ahocorasick_rs import AhoCorasick, Implementation

# More ways to spell a part than these are not written out: the longest of its pieces stands for it.
_MOST_SPELLINGS = 48
_MOST_LETTERS = 4
_MOST_BEGINNINGS = 2000
# A table for every state is read twice as fast while it stays in the processor's caches; one of 680 words does not.
_FEW_WORDS = 500
# The bits of the cues that need a word, and where it starts and ends.
Place = tuple[int, int, int]
# As they are, or as what reads them when they are first looked for.
Words = Iterable[str] | Callable[[], Iterable[str]]
_SEEN_THROUGH = (ops.AT, ops.ASSERT, ops.ASSERT_NOT)


@dataclass(frozen=True, slots=True)
class Cue:
    """A pattern of small letters, and its bit among the marks of a text."""

    pattern: re.Pattern[str]
    bit: int

    def search(self, small: str, marks: int) -> re.Match[str] | None:
        """The first match in a text of small letters whose marks are these; not even tried where it cannot be."""
        return self.pattern.search(small) if marks & self.bit else None

    def match(self, small: str, marks: int) -> re.Match[str] | None:
        """The match that begins such a text."""
        return self.pattern.match(small) if marks & self.bit else None

    def finditer(self, small: str, marks: int) -> Iterator[re.Match[str]]:
        """All matches in such a text."""
        return self.pattern.finditer(small) if marks & self.bit else iter(())


class Sieve:
    """Patterns that are all looked for in the same texts."""

    def __init__(self) -> None:
        self.cues: list[Cue] = []
        self._listed: list[tuple[int, Words]] = []
        self.first_bits = 0
        self._only_first: list[tuple[int, Words]] = []

    def add(self, pattern: re.Pattern[str]) -> Cue:
        """The pattern as a cue; the marks of every text read from now on tell of it."""
        cue = Cue(pattern, self._free_bit())
        self.cues.append(cue)
        return cue

    def add_words(self, words: Words, *, only_first: bool = False) -> int:
        """A bit that `marks` sets wherever one of the words stands, whole or inside another.

        `only_first`: it is for the `first` look alone.
        """
        bit = self._free_bit()
        (self._only_first if only_first else self._listed).append((bit, words))
        return bit

    def look_first_for(self, bits: int) -> None:
        """What these are of is looked for in a whole text, before it is known which parts of it are read."""
        self.first_bits |= bits
        self.__dict__.pop("first", None)

    @cached_property
    def first(self) -> "Sieve":
        """The part for a first look, with the same bits: with few of the words it is scanned in a third of the time."""
        part = Sieve()
        part.cues = [cue for cue in self.cues if cue.bit & self.first_bits]
        part._listed = [*self._only_first, *(listed for listed in self._listed if listed[0] & self.first_bits)]
        return part

    def marks(self, small: str) -> int:
        """The bits of the cues that may match somewhere in a text of small letters; all others do not."""
        automaton, bits, always = self._words
        marks = always
        for place, _, _ in _matches(automaton, small):
            marks |= bits[place]
        return marks

    def places(self, small: str) -> list[Place]:
        """Where in a text of small letters the words stand that cues need, in the order of their ends."""
        automaton, bits, _ = self._words
        return [(bits[place], start, end) for place, start, end in _matches(automaton, small)]

    def marks_of(self, places: Iterable[Place]) -> int:
        """The marks of a text whose words these are."""
        marks = self._words[2]
        for bits, _, _ in places:
            marks |= bits
        return marks

    def _free_bit(self) -> int:
        self.__dict__.pop("_words", None)
        self.__dict__.pop("first", None)
        return 1 << (len(self.cues) + len(self._listed) + len(self._only_first))

    @cached_property
    def _words(self) -> tuple[AhoCorasick, list[int], int]:
        """The automaton over all words, the bits of the cues that need each, and of those that need none."""
        needed = [(cue.bit, needed_words(cue.pattern)) for cue in self.cues]
        always = sum(bit for bit, words in needed if not words)
        bits: dict[str, int] = {}
        for bit, words in [*needed, *self._listed]:
            for word in words() if callable(words) else words:
                bits[word] = bits.get(word, 0) | bit
        kind = Implementation.DFA if len(bits) <= _FEW_WORDS else Implementation.ContiguousNFA
        return AhoCorasick(list(bits), implementation=kind), list(bits.values()), always


class ByBeginnings:
    """A pattern that is tried only where a match can begin: a long list of phrases is found in a quarter of the time.

    For texts of small letters, and patterns whose matches are never empty.
    """

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern

    def finditer(self, small: str) -> Iterator[re.Match[str]]:
        """What the pattern's own `finditer` gives."""
        if self._automaton is None:
            yield from self._pattern.finditer(small)
            return
        end = 0
        for start in sorted({start for _, start, _ in _matches(self._automaton, small)}):
            if start >= end and (found := self._pattern.match(small, start)):
                end = found.end()
                yield found

    def search(self, small: str) -> re.Match[str] | None:
        """What the pattern's own `search` gives."""
        if self._automaton is None:
            return self._pattern.search(small)
        if not (places := _matches(self._automaton, small)):
            return None
        starts = sorted({start for _, start, _ in places})
        return next(filter(None, map(self._pattern.match, repeat(small), starts)), None)

    def everywhere(self, small: str) -> list[re.Match[str]]:
        """The match at each place where one begins, in order; they may overlap."""
        if self._automaton is None:
            places: Iterable[int] = range(len(small))
        elif not (found := _matches(self._automaton, small)):
            return []
        else:
            places = sorted({start for _, start, _ in found})
        return [match for start in places if (match := self._pattern.match(small, start))]

    @cached_property
    def _automaton(self) -> AhoCorasick | None:
        words = beginnings(self._pattern)
        return AhoCorasick(list(words), implementation=Implementation.DFA) if words else None


def _matches(automaton: AhoCorasick, small: str) -> list[tuple[int, int, int]]:
    """All places of all words, (index of the word, start, end), by their ends."""
    return automaton.find_matches_as_indexes(small, overlapping=True)


def places_within(places: Iterable[Place], stretches: Sequence[tuple[int, int]]) -> list[list[Place]]:
    """The places in each of the stretches (start, end) of a text, which are in order and apart.

    One scan of a whole visit takes a tenth of the time of a scan for each clause.
    """
    within: list[list[Place]] = [[] for _ in stretches]
    at, last = 0, len(stretches)
    for place in places:
        while at < last and stretches[at][1] < place[2]:
            at += 1
        if at == last:
            break
        if stretches[at][0] <= place[1]:
            within[at].append(place)
    return within


def needed_words(*patterns: re.Pattern[str]) -> frozenset[str]:
    """Strings of which every match of the patterns holds at least one; none where that cannot be told.

    None holds another, which would do for both. Read off the parsed pattern, as query planners do for indexes of
    trigrams (Cox, Regular Expression Matching with a Trigram Index, 2012).
    """
    if any(pattern.flags & re.IGNORECASE for pattern in patterns):
        return frozenset()
    each = [_best(_needs(parser.parse(pattern.pattern, pattern.flags))) for pattern in patterns]
    words = frozenset().union(*each) if all(each) else frozenset()
    return frozenset(word for word in words if not any(other in word for other in words if other != word))


def beginnings(pattern: re.Pattern[str]) -> frozenset[str]:
    """Strings with one of which every match of the pattern begins, none of them with another; none if not known."""
    if pattern.flags & re.IGNORECASE:
        return frozenset()
    words = _beginnings(parser.parse(pattern.pattern, pattern.flags))
    return frozenset(word for word in words if word and not any(word[:end] in words for end in range(len(word))))


def _beginnings(sequence: Iterable[tuple[Any, Any]]) -> frozenset[str]:
    run: frozenset[str] = frozenset([""])
    for op, value in sequence:
        part = _part(op, value)
        spelled = part.spelled
        if spelled is None and op is ops.SUBPATTERN and not value[1] & re.IGNORECASE:
            spelled = _beginnings(value[3])
        elif spelled is None and op is ops.BRANCH:
            spelled = frozenset().union(*map(_beginnings, value[1]))
        if spelled is None or len(run) * len(spelled) > _MOST_BEGINNINGS:
            return run
        run = frozenset(map("".join, product(run, spelled)))
        if part.spelled is None:
            return run
    return run


@dataclass(frozen=True, slots=True)
class _Part:
    """What is known of a part of a pattern: all strings that it can match, or else strings of which it holds one."""

    spelled: frozenset[str] | None
    needed: frozenset[str] = frozenset()


def _best(*parts: _Part) -> frozenset[str]:
    """The rarest of the sets: the one whose shortest string has most letters."""
    known = [part.needed if part.spelled is None else part.spelled for part in parts]
    return max((words for words in known if words and "" not in words), key=_rarity, default=frozenset())


def _rarity(words: frozenset[str]) -> tuple[int, int]:
    return min(len(word.replace(" ", "")) for word in words), -len(words)


def _needs(sequence: Iterable[tuple[Any, Any]]) -> _Part:
    """Of parts in a row: their spellings joined as long as these stay few, and the best of what broke off."""
    done: list[_Part] = []
    run: frozenset[str] = frozenset([""])
    whole = True
    for op, value in sequence:
        part = _part(op, value)
        if part.spelled is not None and len(part.spelled) * len(run) <= _MOST_SPELLINGS:
            run = frozenset(map("".join, product(run, part.spelled)))
            continue
        whole = False
        done += [_Part(run), part]
        run = frozenset([""])
    return _Part(run) if whole else _Part(None, _best(*done, _Part(run)))


def _part(op: Any, value: Any) -> _Part:
    if op is ops.LITERAL:
        return _Part(frozenset([chr(value)]))
    if op in _SEEN_THROUGH:
        return _Part(frozenset([""]))
    if op is ops.SUBPATTERN:
        _, flags, _, inside = value
        return _Part(None) if flags & re.IGNORECASE else _needs(inside)
    if op is ops.BRANCH:
        return _any_of([_needs(branch) for branch in value[1]])
    if op is ops.IN:
        return _letters(value)
    if op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
        return _repeated(*value)
    return _Part(None)


def _letters(value: Iterable[tuple[Any, Any]]) -> _Part:
    listed = list(value)
    if len(listed) > _MOST_LETTERS or any(op is not ops.LITERAL for op, _ in listed):
        return _Part(None)
    return _Part(frozenset(chr(letter) for _, letter in listed))


def _any_of(branches: list[_Part]) -> _Part:
    spelled = [branch.spelled for branch in branches if branch.spelled is not None]
    if len(spelled) == len(branches):
        return _Part(frozenset().union(*spelled))
    each = [_best(branch) for branch in branches]
    return _Part(None, frozenset().union(*each) if all(each) else frozenset())


def _repeated(least: int, most: int, inside: Iterable[tuple[Any, Any]]) -> _Part:
    part = _needs(inside)
    if (least, most) == (0, 1) and part.spelled is not None:
        return _Part(part.spelled | {""})
    if (least, most) == (1, 1):
        return part
    return _Part(None, _best(part) if least else frozenset())

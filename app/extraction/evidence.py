"""Finds the quotes that a model gives in the transcript, each as an exact slice of it."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Literal, NamedTuple

from rapidfuzz import fuzz

from app.extraction.addressed_to_models import TO_A_MODEL, is_addressed_to_a_model
from app.extraction.claims import FEW, are_said, in_small_letters, stems, unread
from app.extraction.folding import Folded, fold
from app.extraction.stretch import Stretch, read_together
from app.extraction.values import Value
from app.language.speech import Speech
from app.language.turns import Turn

Match = Literal["exact", "folded", "fuzzy"]

# A fuzzy match needs this likeness (rapidfuzz's partial ratio over folded words, 0 to 100), a short quote more of it.
_LIKE_ENOUGH = 85.0
_SHORT, _SHORT_LIKE_ENOUGH = 16, 92.0
_TOO_SHORT, _TOO_LONG = 6, 1_000
_LONG_ENOUGH_TO_BE_CUT = 12
_SHARED_WORDS = 0.6
_MOST_FUZZY_TURNS = 5
_MOST_MENTIONS = 500


class Located(NamedTuple):
    """One found quote: `text[start:end]` of turn `turn`, and how it was found."""

    start: int
    end: int
    turn: int
    speaker: str | None
    match: Match


class Searchable:
    """A transcript made ready for many searches; folding happens once, at the first quote that is not exact."""

    def __init__(self, text: str, turns: list[Turn]) -> None:
        self.text = text
        self.turns = turns
        self.by_number = {turn.number: turn for turn in turns}
        self.told: dict[str, Stretch] = {}
        self._stretches: dict[int, Stretch] = {}
        self._to_a_model: dict[int, bool] = {}
        self._said: dict[str, bool] = {}
        self._starts: list[int] | None = None

    def locate(self, quote: str, turn: int | None) -> list[Located]:
        """Where the quote stands: one span, one for each turn that it runs over, or none.

        Tried in order: the very characters, then the folded words, then a likeness of 85 in 100. Of several mentions
        the one in the stated turn is taken, else the one in the nearest turn.
        """
        wanted = quote.strip()
        if not wanted or not self.turns:
            return []
        stated = self.by_number.get(turn) if turn else None
        if stated and (at := _whole_words(self.text, wanted, stated.start, stated.end)) is not None:
            return [Located(at, at + len(wanted), stated.number, stated.speaker, "exact")]
        return self._search(wanted, turn)

    def _search(self, wanted: str, turn: int | None) -> list[Located]:
        """Of a quote that does not stand in the stated turn as it is."""
        if found := self._exact(wanted, turn):
            return [found]
        words = fold(self._unlabelled.sub(" ", wanted))
        if not words.line:
            return []
        return self._folded(words, turn) or self._cut_in_words(wanted, turn) or self._fuzzy(words, turn)

    def located(self, start: int, end: int, turn: Turn, match: Match) -> Located:
        """That part of the text as a found quote."""
        return Located(start, end, turn.number, turn.speaker, match)

    def read_ahead(self, items: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """Reads at once what the check of items will ask for: the turns that they quote, and what their fields tell."""
        items = list(items)
        quoted = {quote["turn"] for _, item in items for quote in item["evidence"]}
        turns = [self.by_number[number] for number in quoted if number in self.by_number]
        fields = list({text for category, item in items for text in unread(category, item)})
        said, told = read_together([(turn.start, self.text[turn.start : turn.end]) for turn in turns], fields)
        self._stretches.update(zip((turn.number for turn in turns), said, strict=True))
        self.told.update(zip(fields, told, strict=True))

    def stretch(self, number: int) -> Stretch:
        """A turn with the values said in it, read once."""
        found = self._stretches.get(number)
        if found is None:
            turn = self.by_number[number]
            found = self._stretches[number] = Stretch(Speech(self.text[turn.start : turn.end]), turn.start)
        return found

    def stretch_of(self, value: Value) -> Stretch:
        """The turn in which a value is said."""
        if self._starts is None:
            self._starts = [turn.start for turn in self.turns]
        return self.stretch(self.turns[bisect_right(self._starts, value.start) - 1].number)

    def says_a_word_of(self, text: str) -> bool:
        """Whether the transcript has a word of a text that carries meaning; one reason may be given many times."""
        known = self._said.get(text)
        if known is None:
            known = self._said[text] = self._says(stems(text))
        return known

    def _says(self, wanted: frozenset[str]) -> bool:
        small = self._small
        if len(wanted) > FEW or small is None:
            return bool(wanted & self._stems)
        return are_said(wanted, small)

    @cached_property
    def _small(self) -> str | None:
        return in_small_letters(self.text)

    @cached_property
    def _stems(self) -> frozenset[str]:
        return stems(self.text)

    def is_to_a_model(self, number: int) -> bool:
        """Whether a turn seems to speak to the machine."""
        known = self._to_a_model.get(number)
        if known is None:
            turn = self.by_number[number]
            words = self.text[turn.start : turn.end]
            may_be = self.stretch(number).has(TO_A_MODEL) or not words.isascii()
            known = self._to_a_model[number] = may_be and is_addressed_to_a_model(words)
        return known

    def _exact(self, quote: str, stated: int | None) -> Located | None:
        for turn in self._nearest_first(stated):
            at = _whole_words(self.text, quote, turn.start, turn.end)
            if at is not None:
                return Located(at, at + len(quote), turn.number, turn.speaker, "exact")
        return None

    def _nearest_first(self, stated: int | None) -> Iterator[Turn]:
        """The stated turn, then those around it, the earlier of equals first; without one, all in order."""
        if stated is None:
            yield from self.turns
            return
        if stated in self.by_number:
            yield self.by_number[stated]
        others = (turn for turn in self.turns if turn.number != stated)
        yield from sorted(others, key=lambda turn: abs(turn.number - stated))

    @cached_property
    def _unlabelled(self) -> re.Pattern[str]:
        """Speaker labels, which a quote over two turns may hold."""
        names = {re.escape(turn.speaker) for turn in self.turns if turn.speaker}
        return re.compile(rf"(?<!\w)\[?(?:{'|'.join(sorted(names)) or '(?!)'})\]?[^\S\r\n]*:")

    @cached_property
    def _folds(self) -> list[Folded]:
        return [fold(self.text, turn.start, turn.end) for turn in self.turns]

    @cached_property
    def _word_sets(self) -> list[frozenset[str]]:
        return [frozenset(folded.words) for folded in self._folds]

    @cached_property
    def _all_words(self) -> tuple[Folded, list[int]]:
        """The words of all turns in one line, and the turn index of each word."""
        words = tuple(word for folded in self._folds for word in folded.words)
        spans = tuple(span for folded in self._folds for span in folded.spans)
        return Folded(words, spans), [at for at, folded in enumerate(self._folds) for _ in folded.words]

    def _folded(self, quote: Folded, stated: int | None) -> list[Located]:
        whole, turn_of = self._all_words
        best: tuple[tuple[int, int], list[Located]] | None = None
        for first in _mentions(whole, quote.line):
            last = first + len(quote.words) - 1
            turns = self.turns[turn_of[first]], self.turns[turn_of[last]]
            away = min(abs(turn.number - stated) for turn in turns) if stated is not None else 0
            rank = (turns[1].number - turns[0].number, away)
            if best is None or rank < best[0]:
                best = rank, list(self._split_by_turn(whole, turn_of, first, last))
        return best[1] if best else []

    def _split_by_turn(self, whole: Folded, turn_of: list[int], first: int, last: int) -> Iterator[Located]:
        begin = first
        for at in range(first, last + 1):
            if at == last or turn_of[at + 1] != turn_of[at]:
                yield self.located(*whole.span(begin, at), self.turns[turn_of[at]], "folded")
                begin = at + 1

    def _cut_in_words(self, quote: str, stated: int | None) -> list[Located]:
        """A longer quote that begins or ends inside of a word, given out to the borders of words."""
        if len(quote) < _LONG_ENOUGH_TO_BE_CUT:
            return []
        for turn in self._nearest_first(stated):
            at = self.text.find(quote, turn.start, turn.end)
            if at >= 0:
                start, end = _to_borders(self.text, at, at + len(quote), turn)
                return [self.located(start, end, turn, "folded")]
        return []

    def _fuzzy(self, quote: Folded, stated: int | None) -> list[Located]:
        if not _TOO_SHORT <= len(quote.line) <= _TOO_LONG:
            return []
        enough = _SHORT_LIKE_ENOUGH if len(quote.line) < _SHORT else _LIKE_ENOUGH
        best: tuple[float, Located] | None = None
        for at in self._likely_turns(quote, stated):
            found = _alike(quote.line, self._folds[at], enough if best is None else best[0] + 0.01)
            if found:
                best = found[0], self.located(found[1], found[2], self.turns[at], "fuzzy")
        return [best[1]] if best else []

    def _likely_turns(self, quote: Folded, stated: int | None) -> list[int]:
        """Indexes of the turns worth a fuzzy search: the stated one, then those that share most words with it."""
        words = set(quote.words)
        shared = [(len(words & there) / len(words), at) for at, there in enumerate(self._word_sets)]
        likely = [at for share, at in sorted(shared, key=lambda it: -it[0]) if share >= _SHARED_WORDS]
        index = [at for at, turn in enumerate(self.turns) if turn.number == stated]
        return [*index, *(at for at in likely[:_MOST_FUZZY_TURNS] if at not in index)]


def _whole_words(text: str, quote: str, start: int, end: int) -> int | None:
    """The first place of the quote between two borders of words."""
    at = text.find(quote, start, end)
    while at >= 0:
        stop = at + len(quote)
        opens = at == 0 or not (text[at - 1].isalnum() and quote[0].isalnum())
        closes = stop == len(text) or not (text[stop].isalnum() and quote[-1].isalnum())
        if opens and closes:
            return at
        at = text.find(quote, at + 1, end)
    return None


def _to_borders(text: str, start: int, end: int, turn: Turn) -> tuple[int, int]:
    while start > turn.start and text[start].isalnum() and text[start - 1].isalnum():
        start -= 1
    while end < turn.end and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    return start, end


def _mentions(whole: Folded, line: str) -> Iterator[int]:
    """Indexes of the words at which the line stands, on borders of words, the first 500 of them."""
    at = whole.line.find(line)
    for _ in range(_MOST_MENTIONS):
        if at < 0:
            return
        stop = at + len(line)
        if (at == 0 or whole.line[at - 1] == " ") and (stop == len(whole.line) or whole.line[stop] == " "):
            yield whole.word_at(at)
        at = whole.line.find(line, at + 1)


def _alike(line: str, turn: Folded, enough: float) -> tuple[float, int, int] | None:
    """Score, start and end of the part of a turn most like the line; a word half covered or more belongs to it."""
    if len(turn.line) < len(line) // 2 or enough > 100:
        return None
    found = fuzz.partial_ratio_alignment(line, turn.line, score_cutoff=enough)
    if found is None or found.dest_start >= found.dest_end:
        return None
    first, last = turn.word_at(found.dest_start), turn.word_at(found.dest_end - 1)
    if found.dest_start - turn.starts[first] > len(turn.words[first]) // 2 and first < last:
        first += 1
    if found.dest_end - turn.starts[last] < (len(turn.words[last]) + 1) // 2 and last > first:
        last -= 1
    return found.score, *turn.span(first, last)

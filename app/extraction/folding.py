"""Folds text to plain words, so that a quote is found again whatever its spacing, capitals, accents and fillers."""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field

# Marks that combine, and characters that have no width or only set the direction: none of them parts a word.
_INVISIBLE = (
    "\u0300-\u036f\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u20d0-\u20ff\ufe00-\ufe0f"
    "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\U000e0000-\U000e007f"
)
_WORD = re.compile(rf"[0-9]+(?:[.,][0-9]+)+|(?:[^\W_][{_INVISIBLE}]*)+(?:['’](?:[^\W_][{_INVISIBLE}]*)+)*")
_FILLERS = frozenset(("um", "umm", "uh", "uhm", "er", "erm", "ah", "hmm", "mm", "mhm"))
# Tokenised transcripts write these as two words.
_TORN = frozenset(
    (("gon", "na"), ("wan", "na"), ("got", "ta"), ("lem", "me"), ("gim", "me"), ("out", "ta"), ("can", "not"))
)


@dataclass(frozen=True, slots=True)
class Folded:
    """Words of a text in plain spelling: `words[i]` stands at `spans[i]` of the text, and at `starts[i]` of `line`."""

    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    line: str = field(init=False)
    starts: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        at, starts = 0, []
        for word in self.words:
            starts.append(at)
            at += len(word) + 1
        object.__setattr__(self, "starts", tuple(starts))
        object.__setattr__(self, "line", " ".join(self.words))

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Where words `first` to `last`, both included, stand in the text."""
        return self.spans[first][0], self.spans[last][1]

    def word_at(self, position: int) -> int:
        """The index of the word that holds, or stands last before, a position of `line`."""
        return max(0, bisect_right(self.starts, position) - 1)


def fold(text: str, start: int = 0, end: int | None = None) -> Folded:
    """The words of `text[start:end]`: small letters, no accents, no punctuation, no fillers, "do n't" as one word."""
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    for match in _WORD.finditer(text, start, len(text) if end is None else end):
        word = plain_word(match.group())
        if words and _is_torn(text, words[-1], word, spans[-1][1], match.start()):
            words[-1], spans[-1] = words[-1] + word, (spans[-1][0], match.end())
        elif words and (words[-1], word) == ("you", "know"):
            words.pop()
            spans.pop()
        elif word and word not in _FILLERS:
            words.append(word)
            spans.append(match.span())
    return Folded(tuple(words), tuple(spans))


def plain_word(word: str) -> str:
    """One word in small letters without accents and apostrophes; a number without its thousands commas."""
    if word.isascii():
        return word.lower().replace("'", "").replace(",", "")
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", word).casefold())
    return "".join(c for c in parts if c.isalnum() or c == ".")


def _is_torn(text: str, before: str, word: str, end: int, start: int) -> bool:
    if (before, word) in _TORN or (word == "nt" and text[end:start].isspace()):
        return True
    return text[end:start].strip() in ("'", "’") and len(word) <= 2

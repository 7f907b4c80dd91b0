"""A stretch of speech as the finders of values share it: its plain words and its numbers, each read once."""

from collections.abc import Sequence

from app.language.numbers import OPENINGS, Number, find_numbers, numbers_in
from app.language.plain import plain
from app.language.sieve import Sieve

# The patterns of the finders: one scan of the words tells which of them can match.
VALUES = Sieve()
A_NUMBER = VALUES.add_words(OPENINGS)


class Speech:
    """`text` as it was said, `small` in plain words, and the `marks` that `VALUES` gives these."""

    __slots__ = ("_numbers", "_small_numbers", "marks", "small", "text")

    def __init__(self, text: str, small: str | None = None, marks: int | None = None) -> None:
        self.text = text
        self.small = plain(text) if small is None else small
        self.marks = VALUES.marks(self.small) if marks is None else marks
        self._numbers: list[Number] | None = None
        self._small_numbers: list[Number] | None = None

    @property
    def numbers(self) -> list[Number]:
        """The numbers of the text."""
        if self._numbers is None:
            self._numbers = numbers_in(self.text, self.small) if self.marks & A_NUMBER else []
        return self._numbers

    @property
    def small_numbers(self) -> list[Number]:
        """The numbers of the plain words; these are others only where apostrophes were made straight."""
        if self._small_numbers is None:
            self._small_numbers = self.numbers if self.text.isascii() else find_numbers(self.small)
        return self._small_numbers


def speech_of(text: str | Speech) -> Speech:
    """The text as speech, if it is not so already."""
    return text if isinstance(text, Speech) else Speech(text)


def speeches(texts: Sequence[str]) -> list[Speech]:
    """Each of many texts as speech, from one scan of them all: no word of `VALUES` runs over a line."""
    smalls = list(map(plain, texts))
    marks, at, end = [VALUES.marks_of(())] * len(smalls), -1, -1
    for bits, _, stop in VALUES.places("\n".join(smalls)):
        while end < stop:
            at += 1
            end += len(smalls[at]) + 1
        marks[at] |= bits
    return [Speech(*read) for read in zip(texts, smalls, marks, strict=True)]

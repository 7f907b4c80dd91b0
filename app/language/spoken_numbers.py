"""Reads the values of a run of number words ("one hundred and fifty", "twelve . five") that stand side by side."""

import re

UNITS = {"zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
TEENS = {"ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16}
TEENS |= {"seventeen": 17, "eighteen": 18, "nineteen": 19}
TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80}
TENS |= {"ninety": 90}
SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
WHOLES = {"couple": 2, "dozen": 12}
PARTS = {"half": 0.5, "quarter": 0.25, "quarters": 0.25, "½": 0.5, "¼": 0.25, "¾": 0.75}

_TOKEN = re.compile(r"(?ai:[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+|[a-z]+|[.½¼¾])")
_STRENGTH = re.compile(r"(?i:[\s-]*(?:milli|micro)?(?:grams?|mg|mcg|g)\s+(?:tablets?|pills?|capsules?)\b)")

# Most runs are one word of these, or one figure.
_ALONE = {**UNITS, **TEENS, **TENS}

Spoken = tuple[int, int, float]


def read_run(text: str, start: int, end: int) -> list[Spoken]:
    """The values in `text[start:end]` as (start, end, value); words that say no value are passed over."""
    said = text[start:end]
    if said.isascii() and said.isdigit():
        return [(start, end, float(said))]
    if (alone := _ALONE.get(said.lower())) is not None:
        return [(start, end, alone)]
    return _Reader(text, start, end).read()


class _Reader:
    def __init__(self, text: str, start: int, end: int) -> None:
        found = list(_TOKEN.finditer(text, start, end))
        self.words = [match.group().casefold() for match in found]
        self.spans = [match.span() for match in found]
        self.text = text
        self.at = 0

    def read(self) -> list[Spoken]:
        values: list[Spoken] = []
        while self.at < len(self.words):
            first = self.at
            value = self._value()
            if value is not None:
                values.append((self.spans[first][0], self.spans[self.at - 1][1], value))
        return values

    def _word(self, ahead: int = 0) -> str:
        return self.words[self.at + ahead] if self.at + ahead < len(self.words) else ""

    def _value(self) -> float | None:
        """One value from here on; None, with at least one word passed, when the words here say none."""
        if self._word() in ("a", "an") and self._word(1):
            self.at += 1
        if self._word() in PARTS:
            return self._take(PARTS)
        if self._word() == "zero" and self._word(1) in UNITS:
            self.at += 2
            return None
        whole = 0.0 if self._word() in ("point", ".") else self._whole()
        if whole is None:
            self.at += 1
            return None
        return self._with_part(self._with_decimals(whole))

    def _whole(self) -> float | None:
        word = self._word()
        if word[:1].isdigit() or word[:1] == ".":
            self.at += 1
            return self._scaled(float(word.replace(",", "")))
        if word in WHOLES:
            return self._take(WHOLES)
        if word in SCALES:
            return self._scaled(1)
        if word in UNITS and self._word(1) in UNITS and self._word(2) in UNITS:
            return self._digit_string()
        return None if (small := self._below_hundred()) is None else self._scaled(self._joined_hundreds(small))

    def _take(self, values: dict[str, int] | dict[str, float]) -> float:
        self.at += 1
        return values[self.words[self.at - 1]]

    def _digit_string(self) -> float:
        digits = ""
        while self._word() in UNITS:
            digits += str(UNITS[self._word()])
            self.at += 1
        return float(digits)

    def _below_hundred(self) -> float | None:
        word = self._word()
        if word in TENS:
            tens = self._take(TENS)
            return tens + self._take(UNITS) if UNITS.get(self._word()) else tens
        if word in TEENS:
            return self._take(TEENS)
        return self._take(UNITS) if word in UNITS else None

    def _joined_hundreds(self, small: float) -> float:
        """ "one fifty" is 150 and "one oh five" 105, but "one fifty milligram tablet" is one tablet of fifty."""
        if not 1 <= small <= 9:
            return small
        if self._word() == "oh" and self._word(1) in UNITS:
            self.at += 1
            return small * 100 + self._take(UNITS)
        if self._word() not in TENS and self._word() not in TEENS:
            return small
        before = self.at
        rest = self._below_hundred() or 0
        if self._word() in SCALES or _STRENGTH.match(self.text, self.spans[self.at - 1][1]):
            self.at = before
            return small
        return small * 100 + rest

    def _scaled(self, value: float) -> float:
        """Multiplies by "hundred", "thousand", "million" while they follow, and adds what stands below them."""
        while self._word() in SCALES:
            scale = self._take(SCALES)
            value = value * scale + self._remainder(scale)
        return value

    def _remainder(self, scale: float) -> float:
        before = self.at
        if self._word() == "and":
            self.at += 1
        rest = self._below_hundred()
        if rest is not None and self._word() == "hundred" and scale > 100:
            self.at += 1
            return rest * 100 + self._remainder(100)
        if rest is None or self._word() in SCALES or (self._word() in PARTS and self.words[before] != "and"):
            self.at = before
            return 0
        return rest

    def _with_decimals(self, whole: float) -> float:
        """ "twelve point five", and the "twelve . five" of speech recognition."""
        if self._word() not in ("point", "."):
            return whole
        before = self.at
        self.at += 1
        digits = ""
        while self._word() in ("oh", "zero"):
            digits += "0"
            self.at += 1
        if self._word().isdigit():
            digits += self._word()
            self.at += 1
        elif (rest := self._below_hundred()) is not None:
            digits += str(int(rest))
            while self._word() in UNITS and rest < 10:
                digits += str(int(self._take(UNITS)))
        if not digits or (self.words[before] == "." and len(digits) > 1 and digits[-1] != "5"):
            self.at = before if whole else self.at
            return whole
        return float(f"{int(whole)}.{digits}")

    def _with_part(self, whole: float) -> float:
        """ "two and a half", "2 ½"; "one half" and "three quarters" multiply."""
        ahead = 1 if self._word() == "and" else 0
        joined = ahead == 1 or self._word() in ("½", "¼", "¾")
        ahead += 1 if self._word(ahead) in ("a", "an") else 0
        part = PARTS.get(self._word(ahead))
        if part is None or (not joined and whole not in (1, 3)):
            return whole
        self.at += ahead + 1
        return whole + part if joined else whole * part

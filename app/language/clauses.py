"""Splits speech into clauses: at sentence marks where there are any, and at the phrases that begin a new thought."""

import re
from typing import NamedTuple

from app.language.plain import plain
from app.language.sieve import ByBeginnings

_DIGIT = r"(?:\d+|zero|oh|one|two|three|four|five|six|seven|eight|nine)"
_DECIMAL_BEFORE = re.compile(
    r"(?:\d|\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w{3,5}teen|\w{3,5}ty"
    r"|hundred))\s*$"
)
_DECIMAL_AFTER = re.compile(rf"\s*{_DIGIT}\b")
_ABBREVIATED = re.compile(r"\b(?:dr|mr|mrs|ms|st|vs|e\.g|i\.e|approx|a\.m|p\.m|[a-z])\s?$")
_ABBREVIATIONS_END = frozenset(("dr", "mr", "rs", "ms", "st", "vs", "ox"))

_GOING_TO = r"(?:gon ?na|going to)"
_BEGINS_A_THOUGHT = (
    rf"i(?:'m {_GOING_TO}| am {_GOING_TO}|'d (?:like|recommend|suggest)|'ll"
    r"| (?:would|want|wan ?na|will|recommend|do ?n't (?:think|want)|think))"
    rf"|we(?:'ll|'re {_GOING_TO}| (?:are {_GOING_TO}|will|can|could|might|may|should|need))"
    r"|you(?:'ll|'re gon ?na| (?:should|need to|can|could))"
    r"|let(?:'s(?! (?:say|make (?:it|that))\b)| us| me)|lem me|make sure|be sure to|do make sure"
    r"|why do ?n't (?:we|you|i)|what (?:i|we)"
    r"|hey ,? ?dragon|for (?:your|the|his|her) (?:first|second|third|fourth|fifth|next|last|other|final)"
    r"|does that sound|do you have any|any (?:other )?questions|how does that sound"
)
_SUBJECT = (
    r"(?:i|we|you|he|she|it|they)\b|(?:i|we|you|he|she|it|they|that|there)'\w"
    r"|let's(?! (?:say|make (?:it|that))\b)|let me|if\b|when\b|once\b|then\b"
    r"|also (?:i|we|you)\b|(?:come|pop|check) (?:back|in)\b|please\b|for (?:your|the|his|her)\b|hey\b"
    r"|make sure|try\b|again\b|in the meantime"
)
_CUE = ByBeginnings(
    re.compile(
        rf"\b(?<!')(?:(?:and|or|then) (?:, )?(?:{_SUBJECT}|{_BEGINS_A_THOUGHT})"
        r"|(?<!back )(?<!in )(?<!phone )and (?:see|call|ring|phone) (?:me|us)\b"
        r"|(?:(?<!or )so|but|(?<!for )(?<!right )(?<!until )(?<!by )now|okay|ok|alright|all right|anyway)"
        r" (?:, )?(?!far\b|that\b)"
        rf"|(?P<bare>{_BEGINS_A_THOUGHT})(?!\w))"
    )
)
# After one of these a beginning is the inside of a thought: "until we can see you" is one.
_HELD_ON = re.compile(
    r"\b(?:if|when|that|what|how|until|once|because|after|before|and|or|then|so|but|now|where|whether|unless|as|which"
    r"|while|who|think|to|okay|ok|alright|right|also|anyway),? $"
)
# Begins with a set of characters, at which the search stops only where one of them stands.
_MARK = re.compile(r"[.?!;\r\n](?:(?<=[\r\n])[\r\n]*|(?<=[.?!;])(?<!\..)[.?!;]*(?=\s|$))")


# No thought is longer: what reads clauses may take time with the square of their length.
LONGEST = 600


class Clause(NamedTuple):
    """One thought: `text[start:end]`, without white space around it."""

    start: int
    end: int


def split_clauses(text: str) -> list[Clause]:
    """The clauses of a text in order, at most `LONGEST` characters each.

    Together they hold every character that is not white space or a lone mark.
    """
    return clauses_in(plain(text))


def clauses_in(words: str) -> list[Clause]:
    """The same of plain words."""
    clauses: list[Clause] = []
    start = 0
    for border in sorted({len(words), *_mark_ends(words), *_cue_starts(words)}):
        while border - start > LONGEST:
            end = _parted(words, start)
            _add(clauses, words, start, end)
            start = end
        _add(clauses, words, start, border)
        start = border
    return clauses


def _parted(words: str, start: int) -> int:
    """Where to part what is too long for one thought: at a space if there is one."""
    space = words.rfind(" ", start + 1, start + LONGEST)
    return space if space > 0 else start + LONGEST


def _cue_starts(words: str) -> list[int]:
    cues = _CUE.finditer(words)
    return [cue.start() for cue in cues if not (cue["bare"] and _is_held_on(words, cue.start()))]


def _is_held_on(words: str, position: int) -> bool:
    return _HELD_ON.search(words, max(0, position - 10), position) is not None


def _mark_ends(words: str) -> list[int]:
    # The last border is one anyway.
    last = len(words)
    return [mark.end() for mark in _MARK.finditer(words) if mark.end() < last and not _holds_together(words, mark)]


def _holds_together(words: str, mark: re.Match[str]) -> bool:
    """A spoken decimal ("twelve . five"), a title or initial, or a trailing-off "..." ends no sentence."""
    if mark[0] == "...":
        return True
    if mark[0] != ".":
        return False
    before = words[max(0, mark.start() - 12) : mark.start()]
    if _DECIMAL_AFTER.match(words, mark.end()) and _DECIMAL_BEFORE.search(before):
        return True
    last = before.rstrip()[-2:]
    if len(last) == 2 and last.isalpha() and last not in _ABBREVIATIONS_END:
        return False
    return bool(_ABBREVIATED.search(before))


def _add(clauses: list[Clause], words: str, start: int, end: int) -> None:
    """The clause between two borders, if there is more than marks."""
    kept = words[start:end].strip()
    if kept.strip(".,?!;-"):
        begin = words.index(kept[0], start)
        clauses.append(Clause(begin, begin + len(kept)))

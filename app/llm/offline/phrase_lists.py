"""Makes patterns of the phrase lists of the rules: text files with [sections], one phrase a line."""

import re
from functools import cache
from importlib.resources import files

from app.language.sieve import Sieve

# The patterns that are tried on every turn or clause of a visit: one scan of its words tells which of them can match.
CUES = Sieve()

_REFERENCE = re.compile(r"\{([a-z_]+)\}")


def phrases(file: str, section: str, *, behind: str = "") -> re.Pattern[str]:
    """Any phrase of `[section]` in `phrases/FILE.txt`, as whole words, the first that fits in the order listed.

    `behind` is a regular expression that must fit what follows.

    A line is a regular expression over plainly spelt words; `{name}` in it stands for any phrase of section `name` of
    the same file. Lines that begin with "#" are comments.
    """
    return re.compile(rf"\b{_any_of(file, section)}\b{behind}")


def _any_of(file: str, section: str) -> str:
    lines = (_REFERENCE.sub(lambda name: _any_of(file, name[1]), line) for line in _sections(file)[section])
    return f"(?:{'|'.join(lines)})"


@cache
def _sections(file: str) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in files(__package__).joinpath("phrases", f"{file}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("[") and line.endswith("]"):
            lines = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            lines.append(line)
    return sections

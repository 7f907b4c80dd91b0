"""Names the problem of this visit that a test or medicine is usually for."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from app.llm.offline.clauses_said import Said
from app.llm.offline.topics import first_problem


def problem_treated(name: str, topic: str | None, visit: Sequence[Said], at: int) -> str | None:
    """The usual problem for a test or medicine, as this visit names it: the topic if it is one, else the last mention
    before the end of clause `at`; None when the visit names none, or the name is not known."""
    problems = _indications().get(name.lower())
    if not problems:
        return None
    if topic and problems.search(topic):
        return topic
    for said in reversed(visit[: at + 1]):
        found = problems.search(said.words)
        if found:
            return _described(said.words, found)
    return None


def _described(words: str, found: re.Match[str]) -> str:
    """The problem with the words that describe it: "uncontrolled hypertension"."""
    whole = first_problem(words[max(0, found.start() - 40) :])
    return whole if whole and found[0] in whole else found[0]


@cache
def _indications() -> dict[str, re.Pattern[str]]:
    return {name: problems for names, problems in _lines() for name in names}


def _lines() -> Iterator[tuple[list[str], re.Pattern[str]]]:
    for line in files(__package__).joinpath("indications.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            problems, names = line.split(" : ")
            yield _parts(names), re.compile(rf"\b(?:{'|'.join(map(re.escape, _parts(problems)))})\b")


def _parts(listed: str) -> list[str]:
    return [part.strip() for part in listed.split(",")]

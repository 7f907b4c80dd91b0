"""Names the problem of this visit that a test or medicine is usually for."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from importlib.resources import files

from app.language.problems import find_problems
from app.language.sieve import Cue
from app.llm.offline.clauses_said import Said
from app.llm.offline.excerpt import Excerpt
from app.llm.offline.phrase_lists import CUES
from app.llm.offline.topics import described


class Indications:
    """The problems of one visit, looked up by what is ordered for them; each name is searched for once."""

    def __init__(self, visit: Excerpt) -> None:
        self.visit = visit
        self._mentions: dict[str, list[tuple[tuple[int, int], str]]] = {}

    def problem_treated(self, name: str, said: Said) -> str | None:
        """The usual problem for a test or medicine, as the visit names it; None if it names none, or `name` is unknown.

        The topic of the clause if it is one, else the last mention up to the clause.
        """
        problems = _INDICATIONS.get(name.lower())
        if not problems:
            return None
        if said.topic and problems.pattern.search(said.topic):
            return said.topic
        if name not in self._mentions:
            self._mentions[name] = list(_mentions(problems, self.visit))
        before = bisect_right(self._mentions[name], said.at, key=lambda mention: mention[0])
        return self._mentions[name][before - 1][1] if before else None


def _mentions(problems: Cue, visit: Excerpt) -> Iterator[tuple[tuple[int, int], str]]:
    for said in visit:
        found = said.find(problems)
        if found:
            yield said.at, _described(said.words, found)


def _described(words: str, found: re.Match[str]) -> str:
    """The problem with the words that describe it: "uncontrolled hypertension"."""
    start = max(0, found.start() - 60)
    nearby = words[start : found.end() + 60]
    problems = (problem for problem in find_problems(nearby) if problem.end > found.start() - start)
    problem = next(problems, None)
    return described(nearby, problem) if problem and problem.start < found.end() - start else found[0]


def _lines() -> Iterator[tuple[list[str], Cue]]:
    for line in files(__package__).joinpath("indications.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            problems, names = line.split(" : ")
            said = "|".join(map(re.escape, _parts(problems)))
            yield _parts(names), CUES.add(re.compile(rf"\b(?:{said})\b"))


def _parts(listed: str) -> list[str]:
    return [part.strip() for part in listed.split(",")]


_INDICATIONS = {name: problems for names, problems in _lines() for name in names}

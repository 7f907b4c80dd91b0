"""The turns of a visit that are to be read, and what is said around them."""

from collections.abc import Iterable, Iterator
from itertools import chain

from app.llm.offline.clauses_said import Said
from app.llm.offline.hearing import Heard


class Excerpt:
    """The clauses to read, in order; those around them are cut when somebody asks for them."""

    def __init__(self, heard: Heard, clauses: Iterable[Said]) -> None:
        self._heard, self._clauses = heard, list(clauses)

    def __iter__(self) -> Iterator[Said]:
        return iter(self._clauses)

    def behind(self, said: Said, most: int, turns: int = 1) -> list[Said]:
        """As many clauses behind this one, in its own turn and in at most so many turns behind that."""
        index, place = said.at
        found = self._heard.said_in(index)[place + 1 : place + 1 + most]
        for following in range(index + 1, min(index + 1 + turns, len(self._heard.turns))):
            if len(found) < most:
                found += self._heard.said_in(following)[: most - len(found)]
        return found

    def before(self, said: Said, most: int, turns: int) -> list[Said]:
        """As many clauses before this one, in order, in its own turn and in at most so many turns before that."""
        index, place = said.at
        found = self._heard.said_in(index)[max(0, place - most) : place]
        for earlier in range(index - 1, max(index - 1 - turns, -1), -1):
            if len(found) < most:
                found = self._heard.said_in(earlier)[len(found) - most :] + found
        return found

    def behind_in_turn(self, said: Said, most: int) -> list[Said]:
        """At most so many clauses behind this one in its own turn."""
        index, place = said.at
        return self._heard.said_in(index)[place + 1 : place + 1 + most]

    def before_in_turn(self, said: Said, most: int) -> list[Said]:
        """At most so many clauses before this one in its own turn."""
        index, place = said.at
        return self._heard.said_in(index)[max(0, place - most) : place]


def whole(heard: Heard) -> Excerpt:
    """All of the visit, whose clauses know what is under discussion."""
    return Excerpt(heard, chain.from_iterable(heard.clauses_of))


def turns_of(heard: Heard, indices: Iterable[int]) -> Excerpt:
    """Some turns of the visit."""
    return Excerpt(heard, (said for index in sorted(indices) for said in heard.said_in(index)))

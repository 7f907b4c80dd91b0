"""The turns of a visit that are to be read, and what is said around them."""

from collections.abc import Iterator, Sequence

from app.llm.offline.clauses_said import Said
from app.llm.offline.hearing import Heard


class Excerpt:
    """The clauses of the turns at `indices`, in order; those around them are cut when somebody asks for them."""

    def __init__(self, heard: Heard, indices: Sequence[int]) -> None:
        self._heard, self._indices = heard, indices

    def __iter__(self) -> Iterator[Said]:
        for index in self._indices:
            yield from self._heard.said_in(index)

    def behind(self, said: Said, most: int) -> list[Said]:
        """As many clauses behind this one, in its own turn and in those behind that."""
        index, place = said.at
        found = self._heard.said_in(index)[place + 1 : place + 1 + most]
        while len(found) < most and index + 1 < len(self._heard.turns):
            index += 1
            found += self._heard.said_in(index)[: most - len(found)]
        return found

    def before(self, said: Said, most: int) -> list[Said]:
        """As many clauses before this one, in order."""
        index, place = said.at
        found = self._heard.said_in(index)[max(0, place - most) : place]
        while len(found) < most and index:
            index -= 1
            found = self._heard.said_in(index)[len(found) - most :] + found
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
    return Excerpt(heard, range(len(heard.clauses_of)))

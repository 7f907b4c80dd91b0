"""The visit as the offline rules read it: numbered turns of speech."""

from typing import NamedTuple

from app.language.turns import Role


class SpokenTurn(NamedTuple):
    """One turn as it stands in the request: `number` counts from 1, and quotes are exact slices of `text`."""

    number: int
    speaker: str | None
    role: Role | None
    text: str

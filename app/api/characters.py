"""Refuses characters that PostgreSQL cannot store, wherever in a JSON document they stand, and says where."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import takewhile
from typing import Any, NamedTuple, Optional

from pydantic import TypeAdapter

from app.api.bodies import ExtractBody
from app.api.clinic_bodies import NewSop, SopChange, TestCaseBody, TestCaseChange
from app.api.review_bodies import ReviewChange
from app.errors import InvalidCharacter, InvalidField

_BODIES: tuple[Any, ...] = (ExtractBody, ReviewChange, NewSop, SopChange, TestCaseBody, TestCaseChange)
_DEEPEST = 5  # steps to the deepest text of any of them, as /decisions/0/evidence/0/quote
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class _Place(NamedTuple):
    """A value of the document, and the step that leads to it from the place that holds it."""

    step: str | int | None
    value: Any
    holder: Optional["_Place"]


def refuse_unstorable(document: Any, root: str = "") -> None:
    """Raises `InvalidCharacter` for the first NUL or half of a surrogate pair, in a text or in a name.

    `root` is the pointer to `document` itself.
    """
    for place in _texts(document):
        found = _UNSTORABLE.search(place.value)
        if found:
            raise _invalid(found, root + _pointer(place))


def refuse_unstorable_text(text: str, pointer: str) -> None:
    """The same for one text that did not come in a JSON document."""
    found = _UNSTORABLE.search(text)
    if found:
        raise _invalid(found, pointer)


def _texts(document: Any) -> Iterator[_Place]:
    """Every text and every name, in order, but for the clean ones of a list, which may be very many.

    Not by recursion, since a body may nest deep.
    """
    waiting = [_Place(None, document, None)]
    while waiting:
        place = waiting.pop()
        if isinstance(place.value, str):
            yield place
        elif isinstance(place.value, dict):
            for name, held in reversed(place.value.items()):
                waiting += _Place(name, held, place), _Place(None, name, place)
        elif isinstance(place.value, list):
            held_at = reversed([*enumerate(place.value)])
            waiting.extend(_Place(position, held, place) for position, held in held_at if not _is_clean(held))


def _is_clean(value: Any) -> bool:
    return not isinstance(value, str | list | dict) or (isinstance(value, str) and not _UNSTORABLE.search(value))


def _pointer(place: _Place) -> str:
    """Down to the last step that one of our bodies could have; other names are the client's own words."""
    steps: list[str | int] = []
    walked: _Place | None = place
    while walked is not None:
        if walked.step is not None:
            steps.append(walked.step)
        walked = walked.holder
    ours = takewhile(_is_ours, steps[: -_DEEPEST - 1 : -1])
    return "".join(f"/{step}" for step in ours)


def _is_ours(step: str | int) -> bool:
    return isinstance(step, int) or step in _field_names()


@cache
def _field_names() -> frozenset[str]:
    schemas = [TypeAdapter(body).json_schema() for body in _BODIES]
    objects = [shape for schema in schemas for shape in (schema, *schema.get("$defs", {}).values())]
    return frozenset(name for shape in objects for name in shape.get("properties", {}))


def _invalid(found: re.Match[str], pointer: str) -> InvalidCharacter:
    offset = found.start()
    what, code = ("NUL", "nul") if found[0] == "\x00" else ("Half of a surrogate pair", "lone_surrogate")
    return InvalidCharacter(f"{what} at offset {offset}.", errors=(InvalidField(pointer, f"{code}_at_{offset}"),))

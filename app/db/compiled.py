"""A statement compiled once, with named places for its values, as the driver itself takes it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Dialect, Executable
from sqlalchemy.sql.elements import BindParameter

# The driver gives numbers as they are: what is asked for here is what else a type would do with a double.
_DOUBLE = 701


class Compiled:
    """The statement's text, and the order of its values."""

    __slots__ = ("_constants", "_named", "text")

    def __init__(self, statement: Executable, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self.text: str = compiled.string
        places = [compiled.binds[name] for name in compiled.positiontup]
        encoders = [_encoder(place, dialect) for place in places]
        self._constants = [
            None if place.required else encode(place.value) for place, encode in zip(places, encoders, strict=True)
        ]
        self._named = [
            (at, place.key, encode)
            for at, (place, encode) in enumerate(zip(places, encoders, strict=True))
            if place.required
        ]
        _refuse_decoders(compiled, dialect)

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """In the statement's order, each as the driver takes it."""
        values = self._constants.copy()
        for at, name, encode in self._named:
            values[at] = encode(given[name])
        return values


def _encoder(place: BindParameter[Any], dialect: Dialect) -> Any:
    return place.type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _refuse_decoders(compiled: Any, dialect: Dialect) -> None:
    """Rows come as the driver gives them, with its codecs for JSON and vectors: a type that wants more gets no more."""
    for column in compiled._result_columns:
        if column.type.dialect_impl(dialect).result_processor(dialect, _DOUBLE) is not None:
            raise TypeError(f"{column.name} cannot be read as the driver gives it")

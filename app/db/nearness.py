"""Which stored vectors can be compared with one: those as long as it, since others were made under other settings."""

from typing import Any

from sqlalchemy import ColumnElement, cast, func


def as_long(stored: ColumnElement[Any], vector: Any) -> ColumnElement[bool]:
    """Whether a stored vector has as many dimensions; the distance of others is an error to PostgreSQL."""
    return func.vector_dims(stored) == func.vector_dims(cast(vector, stored.type))

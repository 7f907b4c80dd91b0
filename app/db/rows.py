"""The type of a query's row, whatever its columns, and of the mapping that it gives."""

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Row

AnyRow = Row[*tuple[Any, ...]]


def columns(row: AnyRow) -> dict[str, Any]:
    """The row's values by column name."""
    return dict(cast(Mapping[str, Any], row._mapping))

"""Inserts that are built once, with named places for their values, so that several can stand in one statement."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Insert, Select, Table, bindparam, cast, insert, select

from app.db.naming import NAMED


def insert_named(table: Table, name: str, *columns: str) -> Insert:
    """An insert of one row whose values are given when it is executed, as `named` gives them.

    It names the organization itself, which is given too.
    """
    return insert(table).from_select(columns, row_named(table, name, *columns))


def row_named(table: Table, name: str, *columns: str) -> Select[*tuple[Any, ...]]:
    return select(*(_place(table.c[column], name) for column in columns)).where(NAMED)


def _place(column: Column[Any], name: str) -> Any:
    return cast(bindparam(f"{name}_{column.name}", type_=column.type), column.type)


def named(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of one such row, by the places that `insert_named` made for them under the same name."""
    return {f"{name}_{column}": value for column, value in values.items()}

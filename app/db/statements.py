"""Inserts that are built once, with named places for their values, so that several can stand in one statement."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Insert, Table, bindparam, insert


def insert_named(table: Table, name: str, *columns: str) -> Insert:
    """An insert of one row whose values are given when it is executed, as `named` gives them."""
    return insert(table).values({column: bindparam(f"{name}_{column}") for column in columns})


def named(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of one such row, by the places that `insert_named` made for them under the same name."""
    return {f"{name}_{column}": value for column, value in values.items()}

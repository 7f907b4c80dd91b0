"""One statement in one round trip: it names the organization itself, where a transaction takes three round trips."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, Text, bindparam, func, select, true

ORGANIZATION = "medextract.organization"
# Where the organization's id is given when the query is executed.
NAME = "named_organization"

Query = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]

_SETTING = func.set_config(ORGANIZATION, bindparam(NAME, type_=Text), True)


@lru_cache(maxsize=64)
def naming_organization(query: Query) -> Select[*tuple[Any, ...]]:
    """The query, with the organization named before its first row is looked for.

    The name is a row that the query's own rows are joined to laterally, and `OFFSET` is a fence that PostgreSQL's
    planner moves nothing across: so the name is set first. Were it ever set later, row-level security would show
    nothing, never another's rows. It ends with the statement, which is its own transaction.
    """
    named = select(_SETTING.label("name")).offset(0).subquery("named")
    rows = select(query.subquery("rows")).where(named.c.name.is_not(None)).offset(0).lateral("inside")
    return select(rows).select_from(named.join(rows, true()))


def _named() -> ColumnElement[bool]:
    """A condition of a statement that changes something: it names the organization, and always holds.

    It depends on no row, so PostgreSQL's planner asks it once, above the scan ("One-Time Filter"): before any row is
    looked for. Were it ever asked later, row-level security would refuse an `INSERT`, and an `UPDATE` would find
    nothing to change: so whoever sends one looks at what it gives back.
    """
    return select(_SETTING).scalar_subquery().is_not(None)


NAMED = _named()


def naming(organization_id: UUID) -> dict[str, Any]:
    """The value that such a statement takes beside its own."""
    return {NAME: str(organization_id)}

"""One query in one round trip: it names the organization itself, where a transaction takes three round trips."""

from functools import lru_cache
from typing import Any

from sqlalchemy import CompoundSelect, Select, Text, bindparam, func, select, true

ORGANIZATION = "medextract.organization"
# Where the organization's id is given when the query is executed.
NAME = "named_organization"

Query = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]


@lru_cache(maxsize=64)
def naming_organization(query: Query) -> Select[*tuple[Any, ...]]:
    """The query, with the organization named before its first row is looked for.

    The name is a row that the query's own rows are joined to laterally, and `OFFSET` is a fence that PostgreSQL's
    planner moves nothing across: so the name is set first. Were it ever set later, row-level security would show
    nothing, never another's rows. It ends with the statement, which is its own transaction.
    """
    setting = func.set_config(ORGANIZATION, bindparam(NAME, type_=Text), True)
    named = select(setting.label("name")).offset(0).subquery("named")
    rows = select(query.subquery("rows")).where(named.c.name.is_not(None)).offset(0).lateral("inside")
    return select(rows).select_from(named.join(rows, true()))

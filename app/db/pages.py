"""Newest-first pages with an opaque cursor; UUIDv7 ids sort by time, so the id alone is the position."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.rows import AnyRow


async def fetch_page(
    session: AsyncConnection, query: Select[*tuple[Any, ...]], table: Table, cursor: UUID | None, limit: int
) -> tuple[Sequence[AnyRow], UUID | None]:
    """At most `limit` rows after `cursor`, and the cursor of the next page (None on the last)."""
    if cursor is not None:
        query = query.where(table.c.id < cursor)
    rows = (await session.execute(query.order_by(table.c.id.desc()).limit(limit + 1))).all()
    page = rows[:limit]
    return page, page[-1].id if len(rows) > limit else None

"""What each caller has asked for in a minute or a day, summed over all workers."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.access_tables import usage
from app.db.rows import AnyRow

_MINUTES_KEPT = timedelta(hours=1)


async def add_usage(session: AsyncConnection, rows: Sequence[dict[str, Any]]) -> Sequence[AnyRow]:
    """The sums after adding; in one order of rows, so that workers wait for each other instead of locking up."""
    await session.execute(
        delete(usage).where(usage.c.period == "minute", usage.c.started_at < func.now() - _MINUTES_KEPT)
    )
    names = ("organization_id", "actor", "period", "started_at")
    ordered = sorted(rows, key=lambda row: [str(row[name]) for name in names])
    new = insert(usage).values(ordered)
    summed = new.on_conflict_do_update(
        index_elements=usage.primary_key.columns,
        set_={
            "requests": usage.c.requests + new.excluded.requests,
            "tokens": usage.c.tokens + new.excluded.tokens,
        },
    )
    sums: Sequence[AnyRow] = (await session.execute(summed.returning(usage))).all()
    return sums

"""Reviews: a run read together with the decisions on its items, and changed only as it was read."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.caller import Caller
from app.db.rows import AnyRow
from app.db.tables import extractions, review_decisions, transcripts, users

_DECISION = review_decisions.c


async def find_review(session: AsyncConnection, caller: Caller, run_id: UUID) -> AnyRow | None:
    """The run's columns, its `decisions` (oldest first), `transcript`, `visit_date`, and its `clinician` by name.

    One statement, so that the decisions are those of the version.
    """
    shown = (func.to_jsonb(review_decisions.table_valued()),)
    whole = func.jsonb_agg(aggregate_order_by(*shown, _DECISION.version, _DECISION.place))
    decisions = select(whole).where(_DECISION.extraction_id == extractions.c.id).scalar_subquery()
    query = (
        select(
            extractions,
            transcripts.c.text.label("transcript"),
            transcripts.c.visit_date,
            users.c.name.label("clinician"),
            func.coalesce(decisions, func.jsonb_build_array()).label("decisions"),
        )
        .join(transcripts, extractions.c.transcript_id == transcripts.c.id)
        .join(users, extractions.c.user_id == users.c.id)
        .where(caller.may_reach(extractions), extractions.c.id == run_id)
    )
    return (await session.execute(query)).one_or_none()


async def save_change(
    session: AsyncConnection, run: AnyRow, values: dict[str, Any], decisions: Sequence[dict[str, Any]]
) -> bool:
    """Writes a change to the run as it was read; False, and nothing written, if it has changed since.

    `values` are columns of the run; `decisions` are rows without what the run tells.
    """
    unchanged = update(extractions).where(extractions.c.id == run.id, extractions.c.version == run.version)
    saved = await session.execute(unchanged.values(version=run.version + 1, **values).returning(extractions.c.id))
    if saved.one_or_none() is None:
        return False
    if decisions:
        of_run = {"user_id": run.user_id, "extraction_id": run.id, "version": run.version + 1}
        rows = [{**of_run, "place": place, **decision} for place, decision in enumerate(decisions)]
        await session.execute(insert(review_decisions), rows)
    return True

"""What a list shows of a run: a few values out of its documents, picked by the database, never the documents."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pgvector import HalfVector
from sqlalchemy import ColumnElement, Float, Select, case, cast, func, literal, null, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.caller import Caller
from app.db.embeddings import TRANSCRIPT
from app.db.nearness import as_long
from app.db.rows import AnyRow
from app.db.tables import embeddings, extractions, transcripts, users
from app.findings import ITEM_TYPES

# As the reviewer signed it, where one did.
_RESULT = func.coalesce(extractions.c.reviewed, extractions.c.result, type_=JSONB)


def run_summaries() -> Select[*tuple[Any, ...]]:
    """Selects them for all runs; `counts` tells how many findings each list holds."""
    lengths = [part for category in ITEM_TYPES for part in (category, func.jsonb_array_length(_RESULT[category]))]
    run = extractions.c
    return select(
        *(run.id, run.transcript_id, run.user_id, run.created_at, run.state, run.version, run.model, run.review),
        func.coalesce(run.degraded, func.jsonb_build_array()).label("degraded"),
        transcripts.c.visit_date,
        _RESULT["summary"].astext.label("summary"),
        case((_RESULT.is_not(null()), func.jsonb_build_object(*lengths))).label("counts"),
        run.evaluation["confidence"].astext.label("confidence"),
        cast(run.evaluation["overall_score"].astext, Float).label("overall_score"),
        cast(run.timings["total_ms"].astext, Float).label("total_ms"),
        run.problem,
    ).join(transcripts, transcripts.c.id == run.transcript_id)


async def search_visits(
    session: AsyncConnection, caller: Caller, user_id: UUID | None, model: str, vector: HalfVector, limit: int
) -> Sequence[AnyRow]:
    """The visits nearest to `vector` by what was said or found, nearest first, with their `similarity` (a cosine).

    Inside one clinician by an exact scan; without `user_id`, over all that the caller may reach.
    """
    own = select(users.c.id).where(users.c.organization_id == caller.organization_id)
    owner = embeddings.c.user_id == user_id if user_id else embeddings.c.user_id.in_(own)
    return await _nearest(session, caller, vector, owner & (embeddings.c.model == model), limit)


async def similar_visits(session: AsyncConnection, caller: Caller, run_id: UUID, limit: int) -> Sequence[AnyRow] | None:
    """Other visits of the same clinician whose transcripts are most like that of the run; None for an unknown run."""
    run = (
        await session.execute(
            select(extractions.c.user_id, extractions.c.transcript_id, embeddings.c.model, embeddings.c.vector)
            .outerjoin(embeddings, (embeddings.c.extraction_id == extractions.c.id) & (embeddings.c.kind == TRANSCRIPT))
            .where(extractions.c.id == run_id, caller.may_reach(extractions))
        )
    ).one_or_none()
    if run is None or run.vector is None:
        return None if run is None else []
    others = (
        (embeddings.c.user_id == run.user_id)
        & (embeddings.c.kind == TRANSCRIPT)
        & (embeddings.c.model == run.model)
        & (embeddings.c.transcript_id != run.transcript_id)
    )
    return await _nearest(session, caller, run.vector, others, limit)


async def _nearest(
    session: AsyncConnection, caller: Caller, vector: HalfVector, among: ColumnElement[bool], limit: int
) -> Sequence[AnyRow]:
    """One row a transcript, that of its newest run."""
    given = literal(vector, embeddings.c.vector.type)
    distance = embeddings.c.vector.cosine_distance(given)
    runs = func.array_agg(aggregate_order_by(embeddings.c.extraction_id, embeddings.c.extraction_id.desc()))
    nearest = (
        select(runs[1].label("id"), func.min(distance).label("distance"))
        .where(caller.may_reach(embeddings), among, as_long(embeddings.c.vector, given))
        .group_by(embeddings.c.transcript_id)
        .order_by(func.min(distance))
        .limit(limit)
        .subquery()
    )
    found = run_summaries().join(nearest, nearest.c.id == extractions.c.id)
    query = found.add_columns((1 - nearest.c.distance).label("similarity")).order_by(nearest.c.distance)
    return (await session.execute(query)).all()

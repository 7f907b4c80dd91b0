"""Vectors of visits and of what was extracted from them, kept and searched inside one owner."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pgvector import HalfVector
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.rows import AnyRow
from app.db.tables import embeddings, extractions, transcripts

TRANSCRIPT, EXTRACTION = "transcript", "extraction"


async def find_similar_visits(
    session: AsyncSession, user_id: UUID, model: str, vector: HalfVector, content_hash: str, limit: int
) -> Sequence[AnyRow]:
    """The clinician's own approved visits nearest to `vector` by cosine, nearest first; the same text is left out."""
    distance = embeddings.c.vector.cosine_distance(vector)
    query = (
        select(
            embeddings.c.transcript_id,
            transcripts.c.text.label("transcript"),
            extractions.c.result.label("expected"),
            extractions.c.evaluation,
            (1 - distance).label("similarity"),
        )
        .join(extractions, extractions.c.id == embeddings.c.extraction_id)
        .join(transcripts, transcripts.c.id == embeddings.c.transcript_id)
        .where(
            embeddings.c.user_id == user_id,
            embeddings.c.kind == TRANSCRIPT,
            embeddings.c.model == model,
            extractions.c.review["status"].astext == "approved",
            transcripts.c.content_hash != content_hash,
        )
    )
    return (await session.execute(query.order_by(distance).limit(limit))).all()


async def save_vectors(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Rows of `kind, user_id, transcript_id, extraction_id, model, vector`."""
    await session.execute(insert(embeddings).values(list(rows)))

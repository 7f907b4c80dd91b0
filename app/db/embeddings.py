"""Vectors of visits and of what was extracted from them, kept and searched inside one owner."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pgvector import HalfVector
from sqlalchemy import Select, Subquery, bindparam, func, insert, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.engine import Reading
from app.db.rows import AnyRow
from app.db.tables import embeddings, extractions, transcripts

TRANSCRIPT, EXTRACTION = "transcript", "extraction"


async def find_similar_visits(
    session: Reading, user_id: UUID, model: str, vector: HalfVector, content_hash: str, newest: int, limit: int
) -> Sequence[AnyRow]:
    """The nearest to `vector` by cosine, nearest first, of the clinician's `newest` approved visits.

    The search is exact among these; visits with the same text are left out.
    """
    values = {
        "user_id": user_id,
        "model": model,
        "vector": vector,
        "content_hash": content_hash,
        "newest": newest,
        "limit": limit,
    }
    return (await session.execute(SIMILAR_VISITS, values)).all()


def _similar_visits() -> Select[*tuple[Any, ...]]:
    """Vectors alone first, then the long rows of the few that were found."""
    visits = _newest_approved()
    distance = visits.c.vector.cosine_distance(bindparam("vector", type_=embeddings.c.vector.type))
    nearest = select(visits.c.transcript_id, visits.c.extraction_id, distance.label("distance"))
    nearest = nearest.where(visits.c.transcript_id.not_in(_ids_of_text()))
    found = nearest.order_by(distance).limit(bindparam("limit")).subquery("nearest")
    return (
        select(
            found.c.transcript_id,
            transcripts.c.text.label("transcript"),
            func.coalesce(extractions.c.reviewed, extractions.c.result).label("expected"),
            extractions.c.evaluation,
            (1 - found.c.distance).label("similarity"),
        )
        .join(extractions, extractions.c.id == found.c.extraction_id)
        .join(transcripts, transcripts.c.id == found.c.transcript_id)
        .order_by(found.c.distance)
    )


def _newest_approved() -> Subquery:
    """By the time of the run, which its id tells; read backwards from an index that holds approved visits only."""
    own = select(embeddings.c.transcript_id, embeddings.c.extraction_id, embeddings.c.vector).where(
        embeddings.c.user_id == bindparam("user_id"),
        embeddings.c.model == bindparam("model"),
        embeddings.c.approved,
        # Written out, or the plan cannot know that the partial index fits.
        embeddings.c.kind == literal_column(f"'{TRANSCRIPT}'"),
    )
    return own.order_by(embeddings.c.extraction_id.desc()).limit(bindparam("newest")).subquery("visits")


def _ids_of_text() -> Select[tuple[UUID]]:
    own = select(transcripts.c.id)
    return own.where(
        transcripts.c.user_id == bindparam("user_id"), transcripts.c.content_hash == bindparam("content_hash")
    )


# Built once: to build it costs as much as to send it.
SIMILAR_VISITS = _similar_visits()
_NEW_VECTOR = insert(embeddings)


async def save_vectors(session: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Rows of `kind, user_id, transcript_id, extraction_id, model, vector`."""
    await session.execute(_NEW_VECTOR, list(rows))

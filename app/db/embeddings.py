"""Vectors of visits and of what was extracted from them, kept and searched inside one owner."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pgvector import HalfVector
from sqlalchemy import Executable, Select, Subquery, bindparam, func, literal_column, select, union_all
from sqlalchemy.dialects.postgresql import insert

from app.db.engine import Changing, Reading
from app.db.naming import naming
from app.db.nearness import as_long
from app.db.rows import AnyRow
from app.db.statements import named, row_named
from app.db.tables import embeddings, extractions, transcripts

TRANSCRIPT, EXTRACTION = "transcript", "extraction"
_VECTOR = bindparam("vector", type_=embeddings.c.vector.type)


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
    distance = visits.c.vector.cosine_distance(_VECTOR)
    nearest = select(visits.c.transcript_id, visits.c.extraction_id, distance.label("distance"))
    nearest = nearest.where(visits.c.transcript_id.not_in(_ids_of_text()))
    found = nearest.order_by(distance).limit(bindparam("limit")).subquery("nearest")
    return (
        select(
            found.c.transcript_id,
            transcripts.c.text.label("transcript"),
            func.coalesce(extractions.c.reviewed, extractions.c.result).label("expected"),
            extractions.c.evaluation["overall_score"].as_float().label("score"),
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
        as_long(embeddings.c.vector, _VECTOR),
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
_COLUMNS = ("id", "organization_id", "kind", "user_id", "transcript_id", "extraction_id", "model", "vector")


def _new_vectors(number: int) -> Executable:
    """Nothing is written twice, where the first answer was lost: the ids are the same."""
    rows = union_all(*(row_named(embeddings, f"row_{at}", *_COLUMNS) for at in range(number)))
    return insert(embeddings).from_select(_COLUMNS, rows).on_conflict_do_nothing(index_elements=["id"])


# One for each kind at most.
_NEW_VECTORS = {number: _new_vectors(number) for number in (1, 2)}


async def save_vectors(session: Changing, organization_id: UUID, rows: Sequence[dict[str, Any]]) -> None:
    """Rows of `id, kind, user_id, transcript_id, extraction_id, model, vector`, one for each kind at most."""
    values = naming(organization_id)
    for at, row in enumerate(rows):
        values |= named(f"row_{at}", row | {"organization_id": organization_id})
    await session.execute(_NEW_VECTORS[len(rows)], values)

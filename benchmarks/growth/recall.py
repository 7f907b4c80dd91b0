"""How many of the nearest visits the service's search finds, against an exact search with numpy."""

from typing import Any
from uuid import UUID

import numpy as np
from pgvector import HalfVector
from sqlalchemy.engine import URL

from app.db.embeddings import find_similar_visits
from app.db.engine import Database
from app.db.tables import LOCAL_ORGANIZATION
from app.settings import Settings
from benchmarks.floor import EMBEDDING_MODEL
from benchmarks.growth.filling import unit_vectors

AT, QUERIES = 10, 50
# Half precision: two visits nearer to each other than this are equally near.
_SAME = 1e-3
_OWN = """
SELECT transcript_id, vector FROM embeddings
WHERE user_id = $1 AND kind = 'transcript' AND approved ORDER BY extraction_id DESC
"""


async def recall_inside(connection: Any, url: URL, user_id: UUID) -> tuple[float, float]:
    """Recall@10 among the newest visits that the search covers, and among all of the owner's."""
    settings = Settings.model_construct()
    own = await connection.fetch(_OWN, user_id)
    vectors = np.array([row["vector"].to_numpy() for row in own], dtype=np.float32)
    database = Database(url, settings)
    found = [
        await _recall(database, user_id, query, vectors, [row["transcript_id"] for row in own], settings)
        for query in unit_vectors(QUERIES, seed=3)
    ]
    await database.close()
    covered, whole = np.mean(found, axis=0)
    return float(covered), float(whole)


async def _recall(
    database: Database, user_id: UUID, query: Any, vectors: Any, ids: list[UUID], settings: Settings
) -> tuple[float, float]:
    newest = settings.search_newest_visits
    async with database.read(LOCAL_ORGANIZATION) as session:
        rows = await find_similar_visits(session, user_id, EMBEDDING_MODEL, HalfVector(query), "", newest, AT)
    distances = 1 - vectors @ query / np.linalg.norm(vectors, axis=1)
    by_id = dict(zip(ids, distances, strict=True))
    found = [by_id[row.transcript_id] for row in rows]
    return _share(found, distances[:newest]), _share(found, distances)


def _share(found: list[float], distances: Any) -> float:
    """How many of those found are as near as the tenth nearest."""
    wanted = min(AT, len(distances))
    limit = np.partition(distances, wanted - 1)[wanted - 1] + _SAME
    return sum(bool(distance <= limit) for distance in found) / wanted

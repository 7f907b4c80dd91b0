"""What row-level security costs a search: the same query inside one organization's walls, and as the tables' owner."""

from statistics import median
from time import perf_counter
from uuid import UUID

from pgvector import HalfVector
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.embeddings import find_similar_visits
from app.db.engine import Database
from app.db.tables import LOCAL_ORGANIZATION
from app.settings import Settings
from benchmarks.floor import EMBEDDING_MODEL
from benchmarks.growth.filling import unit_vectors

QUERIES, FIRST_ONES = 300, 20


async def cost_of_walls(url: URL, user_id: UUID) -> float:
    """The median time of a search with the walls over that without, taken in turn; opening the transaction included."""
    database = Database(url, Settings.model_construct())
    inside, outside = [], []
    for vector in unit_vectors(QUERIES, seed=4):
        begun = perf_counter()
        async with database.read(LOCAL_ORGANIZATION) as session:
            await _search(session, user_id, HalfVector(vector))
        between = perf_counter()
        async with database.across_organizations() as session:
            await _search(session, user_id, HalfVector(vector))
        inside.append(between - begun)
        outside.append(perf_counter() - between)
    await database.close()
    return median(inside[FIRST_ONES:]) / median(outside[FIRST_ONES:])


async def _search(session: AsyncConnection, user_id: UUID, vector: HalfVector) -> None:
    await find_similar_visits(session, user_id, EMBEDDING_MODEL, vector, "", newest=2000, limit=20)

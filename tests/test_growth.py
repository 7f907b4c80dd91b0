"""The search among a clinician's own visits stays exact and bounded, however many there are."""

import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from pgvector import HalfVector
from sqlalchemy import ClauseElement, Executable, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from uuid_utils.compat import uuid7

from app.db import embeddings
from app.db.tables import LOCAL_ORGANIZATION
from tests.conftest import Service

NEWEST, FOUND = 300, 10
_FILL = """
WITH visits AS (SELECT * FROM unnest(CAST(:runs AS uuid[])) WITH ORDINALITY AS v (id, n)),
said AS (INSERT INTO transcripts (id, organization_id, user_id, text, content_hash)
         SELECT id, :organization, :user, 'visit ' || n, 'hash ' || n FROM visits),
run AS (INSERT INTO extractions (id, organization_id, user_id, transcript_id, state, request, result, review)
        SELECT id, :organization, :user, id, 'succeeded', '{}', jsonb_build_object('n', n),
               jsonb_build_object('status', CASE WHEN n % 5 = 0 THEN 'pending' ELSE 'approved' END) FROM visits)
SELECT 1
"""
_VECTORS = """
INSERT INTO embeddings (id, organization_id, user_id, kind, transcript_id, extraction_id, model, vector)
SELECT gen_random_uuid(), :organization, :user, 'transcript', id, id, :model, CAST(vector AS halfvec)
FROM unnest(CAST(:runs AS uuid[]), CAST(:vectors AS text[])) AS v (id, vector)
"""


class Explained(Executable, ClauseElement):
    """A query's plan, as it ran, instead of its rows."""

    inherit_cache = False

    def __init__(self, query: Any) -> None:
        self.query = query


@compiles(Explained)
def _explain(element: Explained, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN (ANALYZE, FORMAT JSON) {compiler.process(element.query, **options)}"


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


class Owner:
    """A clinician with visits of random vectors, four in five of them approved."""

    def __init__(self, visits: int) -> None:
        self.id, self.model = uuid4(), f"random-{uuid4().hex}"
        self.runs = sorted(uuid7() for _ in range(visits))
        shape = (visits, 16)
        self.vectors = np.random.default_rng(7).normal(size=shape).astype(np.float16)

    async def store(self, connection: AsyncConnection) -> None:
        who = {"organization": LOCAL_ORGANIZATION, "user": self.id}
        rows = {"runs": self.runs, "vectors": [str(vector.tolist()) for vector in self.vectors]}
        add = text("INSERT INTO users (id, organization_id, external_id) VALUES (:user, :organization, :model)")
        await connection.execute(add, {**who, "model": self.model})
        await connection.execute(text(_FILL), {**who, "runs": self.runs})
        await connection.execute(text(_VECTORS), {**who, **rows, "model": self.model})
        await connection.execute(text("ANALYZE embeddings, extractions, transcripts"))

    def nearest(self, vector: np.ndarray[Any, Any], *, without: tuple[int, ...] = ()) -> list[UUID]:
        """By a search of our own: among the newest approved ones, those nearest by cosine."""
        approved = [n for n in range(len(self.runs)) if (n + 1) % 5]
        searched = [n for n in approved[-NEWEST:] if n not in without]
        known = self.vectors[searched].astype(np.float64)
        cosines = known @ vector / np.linalg.norm(known, axis=1)
        return [self.runs[searched[place]] for place in np.argsort(-cosines)[:FOUND]]


@pytest.fixture
async def owner(connection: AsyncConnection) -> AsyncIterator[Owner]:
    """Taken away afterwards, for the rows hold only what the search needs."""
    made = Owner(1000)
    await made.store(connection)
    yield made
    await connection.execute(text("DELETE FROM users WHERE id = :id"), {"id": made.id})


async def search(service: Service, owner: Owner, vector: np.ndarray[Any, Any], content_hash: str = "") -> list[UUID]:
    async with service.parts.db.read(LOCAL_ORGANIZATION) as session:
        rows = await embeddings.find_similar_visits(
            session, owner.id, owner.model, HalfVector(vector), content_hash, NEWEST, FOUND
        )
    assert [row.similarity for row in rows] == sorted((row.similarity for row in rows), reverse=True)
    return [row.transcript_id for row in rows]


async def test_every_one_of_the_nearest_is_found(scripted: Service, owner: Owner) -> None:
    for vector in np.random.default_rng(8).normal(size=(20, 16)).astype(np.float16):
        assert await search(scripted, owner, vector) == owner.nearest(vector.astype(np.float64))


async def test_the_same_text_makes_room_for_the_next(scripted: Service, owner: Owner) -> None:
    last = len(owner.runs) - 2
    vector = owner.vectors[last]
    assert (await search(scripted, owner, vector))[0] == owner.runs[last]
    without = owner.nearest(vector.astype(np.float64), without=(last,))
    assert await search(scripted, owner, vector, f"hash {last + 1}") == without


async def test_an_approval_and_its_withdrawal_are_seen_at_once(
    scripted: Service, owner: Owner, connection: AsyncConnection
) -> None:
    newest = len(owner.runs) - 1
    review = text("UPDATE extractions SET review = jsonb_build_object('status', CAST(:to AS text)) WHERE id = :id")
    for status, found in (("approved", True), ("approved", True), ("rejected", False), ("approved", True)):
        await connection.execute(review, {"id": owner.runs[newest], "to": status})
        assert (owner.runs[newest] in await search(scripted, owner, owner.vectors[newest])) is found


async def test_a_vector_made_later_than_the_approval_counts(
    scripted: Service, owner: Owner, connection: AsyncConnection
) -> None:
    """As the ones are whose embedding failed at first."""
    run, vector = owner.runs[-2], owner.vectors[-2]
    await connection.execute(text("DELETE FROM embeddings WHERE extraction_id = :id"), {"id": run})
    assert run not in await search(scripted, owner, vector)
    row = {"id": uuid.uuid4(), "kind": "transcript", "user_id": owner.id, "model": owner.model}
    row |= {"transcript_id": run, "extraction_id": run, "vector": HalfVector(vector)}
    async with scripted.parts.db.write(LOCAL_ORGANIZATION) as session:
        await embeddings.save_vectors(session, LOCAL_ORGANIZATION, [row])
    assert (await search(scripted, owner, vector))[0] == run


async def test_only_the_found_visits_are_read_whole(
    scripted: Service, owner: Owner, connection: AsyncConnection
) -> None:
    """The plan: the index of approved visits, no more of it than is searched, and the long rows by their ids."""
    values = {"user_id": owner.id, "model": owner.model, "content_hash": "", "newest": NEWEST, "limit": FOUND}
    values["vector"] = HalfVector(owner.vectors[0])
    async with scripted.parts.db.read(LOCAL_ORGANIZATION) as session:
        for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin", "sort"):  # which pay for a small table only
            await session.execute(text(f"SET LOCAL enable_{way} = off"))
        plan = (await session.execute(Explained(embeddings.SIMILAR_VISITS), values)).scalar_one()[0]["Plan"]
    read: Counter[str] = Counter()
    for node in nodes(plan):
        read[node.get("Relation Name", "")] += node["Actual Rows"] * node["Actual Loops"]
    assert (read["embeddings"], read["extractions"], read["transcripts"]) == (NEWEST, FOUND, FOUND), plan

"""Fills a database with visits on the server's side: transcripts, runs and vectors, of many clinicians or of one."""

from typing import Any

import asyncpg
import numpy as np
import orjson
from numpy.typing import NDArray
from pgvector import HalfVector

from app.db.tables import LOCAL_ORGANIZATION
from app.samples import labelled_visit_names, visit_labels, visit_text
from benchmarks.floor import EMBEDDING_MODEL
from benchmarks.model_server import DIMENSIONS
from benchmarks.visits import clinician_email

# Visits of one of the many; and how many rows are made in one statement.
VISITS_EACH, BATCH = 100, 20_000
# Each stored vector is the sum of two of these, scaled to length 1.
VECTORS = 2_048
TEST_CASES = 200
_TEXT_CHARS = 900

_TABLES = """
CREATE UNLOGGED TABLE bench_vectors (at int PRIMARY KEY, vector halfvec NOT NULL);
CREATE UNLOGGED TABLE bench_samples (at int PRIMARY KEY, text text NOT NULL, result jsonb NOT NULL);
CREATE UNLOGGED TABLE bench_owners (at serial PRIMARY KEY, id uuid NOT NULL);
"""
_OWNERS = """
WITH made AS (
    INSERT INTO users (id, organization_id, external_id)
    SELECT uuidv7(), $1, 'owner ' || at FROM generate_series($2::int, $3::int) AS at RETURNING id
)
INSERT INTO bench_owners (id) SELECT id FROM made
"""
# Seven of ten visits are approved, in the row and in its vectors, as the triggers would have it.
_VISITS = """
WITH made AS MATERIALIZED (
    SELECT visit.at, uuidv7() AS visit_id, uuidv7() AS run_id, coalesce($4::uuid, bench_owners.id) AS user_id,
        bench_samples.text || visit.at AS text, bench_samples.result, visit.at % 10 < 7 OR $4 IS NOT NULL AS approved
    FROM generate_series($2::int, $3::int) AS visit (at)
    JOIN bench_samples ON bench_samples.at = visit.at % $5::int
    LEFT JOIN bench_owners ON bench_owners.at = 1 + visit.at / $6::int
),
visits AS (
    INSERT INTO transcripts (id, organization_id, user_id, text, content_hash)
    SELECT visit_id, $1, user_id, text, encode(sha256(text::bytea), 'hex') FROM made
),
runs AS (
    INSERT INTO extractions (id, organization_id, user_id, transcript_id, state, request, model, result, evaluation,
        review, context, degraded, usage)
    SELECT run_id, $1, user_id, visit_id, 'succeeded', '{}', '{"name": "bench"}', result, '{"overall_score": 0.9}',
        jsonb_build_object('status', CASE WHEN approved THEN 'approved' ELSE 'pending' END, 'reasons', '[]'::jsonb),
        '{"sops": [], "visits": [], "test_cases": []}', '[]', '{"embedding_tokens": 600}'
    FROM made
)
INSERT INTO embeddings (id, organization_id, user_id, kind, transcript_id, extraction_id, model, vector, approved)
SELECT uuidv7(), $1, user_id, kind, visit_id, run_id, $7, l2_normalize(one.vector + other.vector), approved
FROM made CROSS JOIN (VALUES ('transcript', 0), ('extraction', 977)) AS kinds (kind, shift)
JOIN bench_vectors AS one ON one.at = (made.at + shift) % $8::int
JOIN bench_vectors AS other ON other.at = (made.at / $8::int * 7 + made.at * 31 + 1 + shift) % $8::int
"""
_CASES = """
INSERT INTO test_cases (id, organization_id, title, transcript, content_hash, expected, embedding_model, vector)
SELECT uuidv7(), $1, 'Gold ' || at, $2 || at, 'gold ' || at, $3, $4, bench_vectors.vector
FROM generate_series(1, $5::int) AS at JOIN bench_vectors USING (at)
"""


class Filling:
    """Adds visits to one database. Keys and triggers are not checked for the rows made here: they are right."""

    def __init__(self, connection: Any) -> None:
        self._connection, self.visits = connection, 0

    async def begin(self) -> None:
        """What visits are made of, and the test cases that every search reads."""
        await self._connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        await self._connection.execute(_TABLES)
        await self._connection.set_type_codec(
            "halfvec", schema="public", encoder=HalfVector.to_binary, decoder=HalfVector.from_binary, format="binary"
        )
        vectors = enumerate(HalfVector(vector) for vector in unit_vectors(VECTORS, seed=2))
        await self._connection.executemany("INSERT INTO bench_vectors VALUES ($1, $2)", vectors)
        names = enumerate(labelled_visit_names())
        samples = [(at, visit_text(name)[:_TEXT_CHARS], _result(name)) for at, name in names]
        await self._connection.executemany("INSERT INTO bench_samples VALUES ($1, $2, $3)", samples)
        text, expected = samples[0][1:]
        await self._connection.execute(_CASES, LOCAL_ORGANIZATION, text, expected, EMBEDDING_MODEL, TEST_CASES)

    async def fill_to(self, visits: int) -> None:
        """Visits of others, until there are so many of all."""
        owners = await self._connection.fetchval("SELECT count(*) FROM bench_owners")
        await self._connection.execute(_OWNERS, LOCAL_ORGANIZATION, owners + 1, visits // VISITS_EACH + 1)
        await self._add(visits, None)

    async def fill_own(self, clinician: int, visits: int) -> None:
        """So many approved visits of one clinician."""
        find = "SELECT id FROM users WHERE email = $1"
        await self._add(self.visits + visits, await self._connection.fetchval(find, clinician_email(clinician)))

    async def _add(self, until: int, owner: Any) -> None:
        kinds = len(labelled_visit_names())
        while self.visits < until:
            last = min(self.visits + BATCH, until)
            rows = (LOCAL_ORGANIZATION, self.visits, last - 1, owner, kinds, VISITS_EACH, EMBEDDING_MODEL, VECTORS)
            await self._connection.execute(_VISITS, *rows, timeout=600)
            self.visits = last
        await self._connection.execute("VACUUM (ANALYZE)", timeout=600)

    async def bytes_stored(self) -> int:
        return int(await self._connection.fetchval("SELECT pg_database_size(current_database())"))


async def connect(database: str) -> Any:
    return await asyncpg.connect(database)


def unit_vectors(count: int, seed: int) -> NDArray[np.float32]:
    """Random directions, (count, dimensions)."""
    made = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made


def _result(name: str) -> str:
    """A real list of findings, as a run stores it."""
    return orjson.dumps({"summary": f"Visit {name}.", **visit_labels(name)["gold"]}).decode()

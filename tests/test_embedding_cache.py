"""The embedding cache: what is asked once is not asked again, in any process, and nobody hears of another clinic."""

import random
import re
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pgvector import HalfVector
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app import samples
from app.db import embedding_cache
from app.db.tables import LOCAL_ORGANIZATION
from app.extraction.embedding_cache import EmbeddingCache
from app.extraction.wording import in_words
from app.language.fingerprint import FEWEST_WORDS, fingerprint_of, normalised
from app.llm.offline import vectors
from app.llm.retry import deadline_in
from app.metrics import Metrics
from tests.conftest import Logged, OpenService, Service
from tests.scripted_provider import ScriptedProvider, answer, failure, follow_up, medication

FOUND = answer(follow_up_tasks=[follow_up("Drink tea", 1, "Drink tea")])
LONG = " ".join(
    " ".join(path.read_text().split()) for path in sorted((Path(samples.__file__).parent / "visits").glob("*.txt"))
)


def visit() -> str:
    """Words that no other test has said."""
    return f"Doctor: Drink tea and rest, {uuid.uuid4().hex}."


def tiers(service: Service) -> dict[str, int]:
    shown = service.parts.metrics.exposition().decode()
    found = re.findall(r'medextract_embedding_cache_total{tier="(\w+)"} ([\d.]+)', shown)
    return {tier: int(float(count)) for tier, count in found}


async def embedded(
    service: Service, said: str, organization_id: uuid.UUID = LOCAL_ORGANIZATION
) -> np.ndarray[Any, Any]:
    made = await service.parts.embedder.embed(organization_id, said, deadline_in(5), "transcript_embedding")
    return made.vector.to_numpy()


async def rows_of(connection: AsyncConnection, model: str) -> int:
    kept = text("SELECT count(*) FROM embedding_cache WHERE model LIKE :model || '/%'")
    return int(await connection.scalar(kept, {"model": model}) or 0)


async def test_a_text_is_embedded_once(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(FOUND))
    said = visit()
    first = await service.extract(said)
    again = await service.extract(said.replace(" ", "\r\n "))
    assert [len(asked["input"]) for asked in service.provider.embedded] == [1, 1]  # the transcript and what was found
    assert (first["usage"]["embedding_tokens"], again["usage"]["embedding_tokens"]) == (10, 0)
    assert tiers(service) == {"memory": 2, "table": 0, "near": 0, "miss": 2}


async def test_another_process_finds_it_in_the_table(open_service: OpenService) -> None:
    said, model = visit(), f"words-{uuid.uuid4().hex}"
    first = await open_service(ScriptedProvider(FOUND), embedding_model=model)
    await first.extract(said)
    vector = await embedded(first, said)
    await first.parts.embedder.cache.flush()
    second = await open_service(ScriptedProvider(FOUND), embedding_model=model)
    await second.extract(said)
    assert second.provider.embedded == []
    assert tiers(second) == {"memory": 0, "table": 2, "near": 0, "miss": 0}
    assert (await embedded(second, said) == vector).all()


async def test_a_change_of_model_or_size_asks_again(open_service: OpenService) -> None:
    said, model = visit(), f"words-{uuid.uuid4().hex}"
    for changed in ({"embedding_dimensions": 256}, {"embedding_dimensions": 64}, {"embedding_model": f"{model}-2"}):
        service = await open_service(ScriptedProvider(), **{"embedding_model": model, **changed})
        await embedded(service, said)
        await service.parts.embedder.cache.flush()
        assert len(service.provider.embedded) == 1


async def test_another_organization_learns_nothing(open_service: OpenService, connection: AsyncConnection) -> None:
    service, said, other = await open_service(ScriptedProvider()), LONG, uuid.uuid4()
    add = text("INSERT INTO organizations (id, name) VALUES (:id, 'other')")
    await connection.execute(add, {"id": other})
    await embedded(service, said)
    await service.parts.embedder.cache.flush()
    await embedded(service, said, other)
    await embedded(service, said + " Goodbye.", other)
    assert len(service.provider.embedded) == 3
    assert tiers(service)["miss"] == 3


async def test_a_long_text_that_hardly_differs_takes_the_vector(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider())
    vector = await embedded(service, LONG)
    await service.parts.embedder.cache.flush()
    assert (await embedded(service, LONG + " Goodbye.") == vector).all()
    assert tiers(service)["near"] == 1
    await embedded(service, " ".join(LONG.split()[: len(LONG.split()) // 2]))
    await embedded(service, LONG + " " + LONG)  # the same runs of words, twice as often
    assert len(service.provider.embedded) == 3


@pytest.mark.parametrize("near_bits", [0, 3])
async def test_short_texts_and_those_that_are_told_to_keep_their_own(open_service: OpenService, near_bits: int) -> None:
    service = await open_service(ScriptedProvider(), embedding_cache_near_bits=near_bits)
    words = (LONG if near_bits == 0 else " ".join(LONG.split()[: FEWEST_WORDS - 2])).split()
    await embedded(service, " ".join(words))
    await service.parts.embedder.cache.flush()
    await embedded(service, " ".join([*words, "Goodbye."]))
    assert len(service.provider.embedded) == 2


async def test_the_offsets_are_those_of_the_text_itself(open_service: OpenService) -> None:
    said = LONG + "\nDoctor: Drink tea, please."
    service = await open_service(ScriptedProvider(FOUND))
    await service.extract(said)
    await service.parts.embedder.cache.flush()
    changed = "Well,  " + said
    told = await service.extract(changed)
    assert tiers(service)["near"] == 1
    proof = told["extraction"]["follow_up_tasks"][0]["evidence"][0]
    assert changed[proof["start"] : proof["end"]] == proof["quote"]
    assert (await service.get(f"/transcripts/{told['transcript_id']}"))["text"] == changed


def edited(words: list[str], chance: random.Random) -> list[str]:
    """One to four words replaced, added, left out, or written another way."""
    changed = list(words)
    for _ in range(chance.choice((1, 2, 4))):
        at = chance.randrange(len(changed))
        other = chance.choice(words)
        changed[at : at + 1] = chance.choice(
            ([other], [changed[at], other], [], [changed[at].upper()], [changed[at].strip(".,?!") + "!"])
        )
    return changed


def test_near_is_within_the_stated_error() -> None:
    """Edits of the project's own visits, with real word vectors: SimHash within its bits, the cosine over 0.99."""
    chance, words = random.Random(3), LONG.split()
    lengths = (FEWEST_WORDS, 500, 700, 1200)
    checked = 0
    for length in lengths * 4:
        start = chance.randrange(len(words) - length)
        original = words[start : start + length]
        texts = [" ".join(original), *(" ".join(edited(original, chance)) for _ in range(12))]
        whole = fingerprint_of(texts[0])
        cosines = vectors.embed(texts) @ vectors.embed(texts[:1])[0]
        for said, cosine in zip(texts[1:], cosines[1:], strict=True):
            changed = fingerprint_of(said)
            if changed.simhash is None or whole.simhash is None:
                continue
            if (changed.simhash ^ whole.simhash).bit_count() <= embedding_cache.MOST_BITS:
                checked += 1
                assert cosine >= 0.99
    assert checked > 50


@pytest.mark.parametrize(
    ("words", "simhash"), [(400, 0x3EA5EF7BA6052910), (1_200, 0x3CBB4D6B84296811), (20_000, 0x2F47655ED22D0600)]
)
def test_a_simhash_stays_what_is_stored(words: int, simhash: int) -> None:
    """In less than a block of hashes that are counted at once, in several, and in a text of unusual length."""
    assert fingerprint_of(" ".join(f"für{n * n % 9973}" for n in range(words))).simhash == simhash


def test_white_space_is_all_that_is_made_alike() -> None:
    said = fingerprint_of(normalised(" Doctor:\u00a0tea \r\n\tand rest\n"))
    assert said == fingerprint_of("Doctor: tea and rest")
    for other in ("Doctor: tea and  Rest", "Doctor: tea, and rest", "Doctor: tea andrest"):
        assert fingerprint_of(normalised(other)).digest != said.digest


async def test_a_cache_that_cannot_be_read_or_written_is_a_miss(
    open_service: OpenService, connection: AsyncConnection, logged: Logged
) -> None:
    service = await open_service(ScriptedProvider(FOUND))
    await connection.execute(text("ALTER TABLE embedding_cache RENAME TO embedding_cache_away"))
    try:
        told = await service.extract(visit())
        await service.parts.embedder.cache.flush()
        await service.parts.embedder.cache.evict()
    finally:
        await connection.execute(text("ALTER TABLE embedding_cache_away RENAME TO embedding_cache"))
    assert told["degraded"] == []
    assert {"arrival_not_read", "embedding_cache_not_written", "embedding_cache_not_evicted"} <= {
        line["event"] for line in logged()
    }


async def test_a_failed_embedding_is_not_kept(open_service: OpenService) -> None:
    provider = ScriptedProvider(FOUND, embeddings=[failure(401), failure(401)])
    service, said = await open_service(provider), visit()
    assert (await service.extract(said))["degraded"] == ["similarity", "embedding"]
    assert (await service.extract(said))["degraded"] == []


async def test_memory_keeps_those_used_last(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(), embedding_cache_entries=2, embedding_cache_rows=0)
    one, two, three = visit(), visit(), visit()
    for said in (one, two, one, three, one, two):
        await embedded(service, said)
    assert tiers(service) == {"memory": 2, "table": 0, "near": 0, "miss": 4}


async def test_without_entries_and_rows_nothing_is_kept(open_service: OpenService, connection: AsyncConnection) -> None:
    service = await open_service(ScriptedProvider(FOUND), embedding_cache_entries=0, embedding_cache_rows=0)
    said = visit()
    for _ in range(2):
        await service.extract(said)
    await service.parts.embedder.cache.flush()
    assert len(service.provider.embedded) == 4
    assert await rows_of(connection, service.parts.embedder.model) == 0


async def test_forgotten_texts_leave_no_row(open_service: OpenService, connection: AsyncConnection) -> None:
    service, kept, gone = await open_service(ScriptedProvider()), visit(), visit()
    cache, model = service.parts.embedder.cache, service.parts.embedder.model
    for said in (kept, gone):
        await embedded(service, said)
    await cache.flush()
    late = visit()
    await embedded(service, late)
    await cache.forget(LOCAL_ORGANIZATION, [gone.replace(" ", "\n"), late])
    await cache.flush()
    assert await rows_of(connection, model) == 1
    for said in (kept, gone, late):
        await embedded(service, said)
    assert len(service.provider.embedded) == 5


async def test_what_was_searched_for_is_not_stored(open_service: OpenService, connection: AsyncConnection) -> None:
    service = await open_service(ScriptedProvider())
    for _ in range(2):
        await service.get("/search", q=visit()[:40], user="nobody@clinic.example")
    await service.parts.embedder.cache.flush()
    assert await rows_of(connection, service.parts.embedder.model) == 0


async def test_the_oldest_rows_make_room(scripted: Service, connection: AsyncConnection) -> None:
    """Counted over the whole table, which other tests have filled as well: theirs may go, too."""
    settings = scripted.parts.settings.model_copy(update={"embedding_cache_rows": 3, "embedding_cache_days": 30})
    model = uuid.uuid4().hex
    cache = EmbeddingCache(scripted.parts.db, settings, Metrics(), f"{model}/4")
    for _ in range(8):
        cache.keep(LOCAL_ORGANIZATION, fingerprint_of(visit()), HalfVector([1, 0, 0, 0]))
        await cache.flush()
    age = text(
        "UPDATE embedding_cache SET created_at = now() - interval '31 days' WHERE ctid = (SELECT ctid FROM"
        " embedding_cache WHERE model LIKE :model || '/%' ORDER BY created_at DESC LIMIT 1)"
    )
    await connection.execute(age, {"model": model})
    await cache.evict()
    assert await rows_of(connection, model) == 3
    settings = settings.model_copy(update={"embedding_cache_rows": 100_000})
    await connection.execute(age, {"model": model})
    await EmbeddingCache(scripted.parts.db, settings, Metrics(), model).evict()
    assert await rows_of(connection, model) == 2


async def test_what_the_check_changes_is_embedded_anew_and_nothing_else_is_kept(
    open_service: OpenService, connection: AsyncConnection
) -> None:
    """A repeated item is expected twice and found once: what was embedded of both stands in no record."""
    model = f"words-{uuid.uuid4().hex}"
    twice = answer(follow_up_tasks=[follow_up("Drink tea", 1, "Drink tea")] * 2)
    service = await open_service(ScriptedProvider(twice), embedding_model=model)
    made = await service.extract(visit())
    expected, found = [body["input"][0] for body in service.provider.embedded[1:]]
    assert (expected.count("Drink tea"), found.count("Drink tea")) == (2, 1)
    assert found == normalised(in_words(made["extraction"]))
    assert made["usage"]["embedding_tokens"] == 5 * len(service.provider.embedded)
    await service.parts.embedder.cache.flush()
    assert await rows_of(connection, model) == 2  # of the transcript and of what was found


async def test_what_is_expected_to_be_found_is_embedded_beside_the_check(open_service: OpenService) -> None:
    """A medicine that only the patient speaks of is not expected, so nothing has to be embedded anew."""
    taken = medication("aspirin", 1, "I take aspirin", commitment="continuing", status="continue")
    tea = follow_up("Drink tea", 2, "Drink tea")
    provider = ScriptedProvider(answer(follow_up_tasks=[tea], medication_instructions=[taken]))
    service = await open_service(provider)
    made = await service.extract(f"Patient: I take aspirin.\nDoctor: Drink tea and rest, {uuid.uuid4().hex}.")
    assert [entry["reason"] for entry in made["evaluation"]["ledger"]["rejected"]] == ["patient_reported"]
    assert "aspirin" not in provider.embedded[1]["input"][0]
    assert len(provider.embedded) == 2
    embedding, asking = (made["timings"]["phases"][name] for name in ("extraction_embedding", "llm_extraction"))
    assert embedding["start_ms"] < asking["start_ms"] + asking["ms"]

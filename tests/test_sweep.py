"""The sweep: runs that a crash left are marked, and vectors that could not be made are made later, once."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.conftest import Logged, OpenService, Service, new_user, running_service, scripted_settings
from tests.scripted_provider import ScriptedProvider, failure

KINDS = text("SELECT kind FROM embeddings WHERE extraction_id = :id ORDER BY kind")
DUE = text("SELECT vectors_due_at FROM extractions WHERE id = :id")
# What other tests of this worker have left would be in the way.
SETTLE = text("UPDATE extractions SET vectors_due_at = NULL")
AGE = text("UPDATE extractions SET state = 'running', created_at = now() - interval '3 min' WHERE id = :id")


@pytest.fixture(autouse=True)
async def _nothing_due(connection: AsyncConnection) -> None:
    await connection.execute(SETTLE)


async def kinds(connection: AsyncConnection, told: dict[str, Any]) -> list[str]:
    return list((await connection.scalars(KINDS, {"id": told["id"]})).all())


async def make_due_again(connection: AsyncConnection) -> None:
    await connection.execute(text("UPDATE extractions SET vectors_due_at = now() WHERE vectors_due_at IS NOT NULL"))


FAULTS: dict[str, list[Any]] = {
    "of the transcript": [failure(401), None],
    "of the result": [None, failure(401)],
    "both": [failure(401), failure(401)],
}


@pytest.mark.parametrize("embeddings", FAULTS.values(), ids=FAULTS)
async def test_vectors_that_could_not_be_made_are_made_later(
    open_service: OpenService, connection: AsyncConnection, embeddings: list[Any], logged: Logged
) -> None:
    service = await open_service(ScriptedProvider(embeddings=embeddings))
    told = await service.extract()
    assert len(await kinds(connection, told)) < 2
    await service.parts.sweep.once()
    assert await kinds(connection, told) == ["extraction", "transcript"]
    assert "embedding" not in (await service.get(f"/extractions/{told['id']}"))["degraded"]
    assert [line["level"] for line in logged() if line["event"] == "vectors_made"] == ["info"]
    calls = len(service.provider.calls)
    await make_due_again(connection)
    await service.parts.sweep.once()
    assert len(service.provider.calls) == calls


async def test_vectors_that_could_not_be_saved_are_made_later(
    open_service: OpenService, connection: AsyncConnection
) -> None:
    service = await open_service(ScriptedProvider())
    await connection.execute(text("ALTER TABLE embeddings ADD CONSTRAINT refused CHECK (false) NOT VALID"))
    try:
        told = await service.extract()
    finally:
        await connection.execute(text("ALTER TABLE embeddings DROP CONSTRAINT refused"))
    assert told["degraded"] == ["embedding"]
    assert await kinds(connection, told) == []
    await service.parts.sweep.once()
    assert await kinds(connection, told) == ["extraction", "transcript"]


async def test_a_visit_made_whole_is_found_by_the_next(open_service: OpenService) -> None:
    user = new_user()
    service = await open_service(ScriptedProvider(embeddings=[failure(401), failure(401)]))
    first = await service.extract(user=user)
    await service.client.patch(f"/extractions/{first['id']}", json={"status": "approved"})
    await service.parts.sweep.once()
    like_it = "Doctor: Take ibuprofen 400 mg twice a day, please, my friend.\nPatient: All right, I certainly will."
    second = await service.extract(like_it, user=user)
    assert [visit["transcript_id"] for visit in second["context"]["visits"]] == [first["transcript_id"]]


async def test_a_provider_that_still_fails_is_asked_again_later(
    open_service: OpenService, connection: AsyncConnection, logged: Logged
) -> None:
    service = await open_service(ScriptedProvider(embeddings=[failure(401)] * 3))
    told = await service.extract()
    await service.parts.sweep.once()
    assert await kinds(connection, told) == []
    assert [line["event"] for line in logged() if line["event"].startswith("vectors")] == ["vectors_not_made"]
    calls = len(service.provider.calls)
    await service.parts.sweep.once()
    assert len(service.provider.calls) == calls, "another sweep has it in hand"
    await make_due_again(connection)
    await service.parts.sweep.once()
    assert await kinds(connection, told) == ["extraction", "transcript"]


async def test_several_replicas_make_each_vector_once(database_url: URL, connection: AsyncConnection) -> None:
    provider = ScriptedProvider(embeddings=[failure(401)] * 10)
    settings = scripted_settings(database_url)
    async with running_service(settings, provider) as one, running_service(settings, provider) as two:
        told = [await one.extract() for _ in range(5)]
        await asyncio.gather(*(service.parts.sweep.once() for service in (one, two, one, two)))
    for run in told:
        assert await kinds(connection, run) == ["extraction", "transcript"]


async def test_a_run_that_nobody_works_on_is_marked(
    open_service: OpenService, connection: AsyncConnection, logged: Logged
) -> None:
    service = await open_service(ScriptedProvider())
    old, new = await service.extract(), await service.extract()
    await connection.execute(AGE, {"id": old["id"]})
    await connection.execute(text("UPDATE extractions SET state = 'running' WHERE id = :id"), {"id": new["id"]})
    await service.parts.sweep.once()
    run = await service.get(f"/extractions/{old['id']}")
    assert (run["state"], run["problem"]["type"]) == ("failed", "urn:medextract:problem:run-interrupted")
    assert run["problem"]["retryable"] is True
    assert (await service.get(f"/extractions/{new['id']}"))["state"] == "running"
    assert [line["runs"] for line in logged() if line["event"] == "stale_runs_failed"] == [1]


async def test_it_happens_by_itself(open_service: OpenService, connection: AsyncConnection) -> None:
    service: Service = await open_service(ScriptedProvider(), sweep_every_s=0.2)
    told = await service.extract()
    await connection.execute(AGE, {"id": told["id"]})
    async with asyncio.timeout(20):
        while (await service.get(f"/extractions/{told['id']}"))["state"] != "failed":  # noqa: ASYNC110
            await asyncio.sleep(0.05)

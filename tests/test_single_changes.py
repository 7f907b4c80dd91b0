"""What is written by one statement in place of a transaction is written, or it is told."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.row_security import APP_ROLE
from tests.conftest import OpenService
from tests.scripted_provider import ScriptedProvider, answer
from tests.test_concurrency import locked
from tests.test_storage_faults import after_call


@pytest.fixture
async def first_update_finds_nothing(connection: AsyncConnection) -> AsyncIterator[None]:
    """As it would be if PostgreSQL looked for the run before the statement has named its organization."""
    first = "current_query() LIKE '%UPDATE extractions%' AND (SELECT nextval('updates') = 1)"
    await connection.execute(text("CREATE SEQUENCE updates"))
    await connection.execute(text(f"GRANT USAGE ON SEQUENCE updates TO {APP_ROLE}"))
    await connection.execute(text(f"CREATE POLICY late ON extractions AS RESTRICTIVE FOR UPDATE USING (NOT ({first}))"))
    yield
    await connection.execute(text("DROP POLICY late ON extractions"))
    await connection.execute(text("DROP SEQUENCE updates"))


@pytest.mark.usefixtures("first_update_finds_nothing")
async def test_what_changed_no_row_is_not_taken_for_saved(
    open_service: OpenService, connection: AsyncConnection
) -> None:
    service = await open_service(ScriptedProvider(answer(summary="Paid for.")))
    told = await service.extract()
    run = await service.get(f"/extractions/{told['id']}")
    assert (run["state"], run["extraction"]["summary"]) == ("succeeded", "Paid for.")
    assert run["degraded"] == []
    assert await connection.scalar(text("SELECT last_value FROM updates")) >= 2


async def test_vectors_that_hang_do_not_hold_up_the_result(
    open_service: OpenService, database_url: URL, connection: AsyncConnection
) -> None:
    """Both are one statement that is given up; the result then goes alone, and no vector is written twice."""
    called, going_on = asyncio.Event(), asyncio.Event()
    service = await open_service(ScriptedProvider(after_call(called, going_on)))
    service.provider.database = None
    posting = asyncio.create_task(service.extract())
    await called.wait()
    run_id = (await service.last_run())["id"]
    async with locked(database_url, "embeddings", mode="EXCLUSIVE"):
        going_on.set()
        async with asyncio.timeout(20):
            while (await service.get(f"/extractions/{run_id}"))["state"] != "succeeded":  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert not posting.done()
    assert (await posting)["degraded"] == []
    vectors = text("SELECT count(*) FROM embeddings WHERE extraction_id = :id")
    assert await connection.scalar(vectors, {"id": run_id}) == 2

"""What is written by one statement in place of a transaction is written, or it is told."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.row_security import APP_ROLE
from tests.conftest import OpenService
from tests.scripted_provider import ScriptedProvider, answer


@pytest.fixture
async def first_update_finds_nothing(connection: AsyncConnection) -> AsyncIterator[None]:
    """As it would be if PostgreSQL looked for the run before the statement has named its organization."""
    first = "current_query() LIKE 'UPDATE extractions%' AND (SELECT nextval('updates') = 1)"
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

"""A service that is killed in the middle of a request: the same Idempotency-Key ends in one result."""

import asyncio
import uuid
from pathlib import Path

import httpx
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.commands import free_port, started
from tests.conftest import VISIT, running_service, scripted_settings, serving
from tests.scripted_provider import ScriptedProvider
from tests.test_departures import Gate

STATES = text(
    "SELECT x.state, x.problem->>'type' AS problem FROM extractions x JOIN users u ON u.id = x.user_id"
    " WHERE u.external_id = :external_id ORDER BY x.created_at"
)


async def test_the_same_key_after_a_kill_is_one_result(
    database_url: URL, connection: AsyncConnection, tmp_path: Path
) -> None:
    gate, user = Gate(), {"external_id": uuid.uuid4().hex}
    request = {"json": {"transcript": VISIT, "user": user}, "headers": {"Idempotency-Key": uuid.uuid4().hex}}
    port = free_port()
    async with serving(ScriptedProvider(gate)) as provider:
        environment = {
            "DATABASE_URL": database_url.render_as_string(hide_password=False),
            "LLM_PROVIDER": "openai",
            "OPENAI_BASE_URL": f"{provider}/v1",
        }
        ready = f"http://127.0.0.1:{port}/readyz"
        async with (
            started("serve", "--port", str(port), ready=ready, folder=tmp_path, **environment) as process,
            httpx.AsyncClient(trust_env=False, timeout=60) as client,
        ):
            posting = asyncio.create_task(client.post(f"http://127.0.0.1:{port}/extract", **request))
            await asyncio.wait_for(gate.called.wait(), 30)
            process.kill()
            await asyncio.wait([posting])
            assert isinstance(posting.exception(), httpx.TransportError)
        gate.may_answer.set()
        assert [row.state for row in await connection.execute(STATES, user)] == ["running"]
        async with running_service(
            scripted_settings(database_url, openai_base_url=f"{provider}/v1", idempotency_wait_s=0)
        ) as service:
            busy = await service.client.post("/extract", **request)
            assert (busy.status_code, busy.json()["type"].rpartition(":")[2]) == (409, "idempotency-key-in-use")
            assert 1 <= int(busy.headers["retry-after"]) <= 15
            await connection.execute(  # as if the time had passed
                text("UPDATE idempotency_keys SET lease_until = now() WHERE name = :name"),
                {"name": request["headers"]["Idempotency-Key"]},
            )
            answers = [await service.client.post("/extract", **request) for _ in range(3)]
    assert {response.status_code for response in answers} == {201}
    assert len({response.json()["id"] for response in answers}) == 1
    assert gate.calls == 2
    rows = [tuple(row) for row in await connection.execute(STATES, user)]
    assert rows == [("failed", "urn:medextract:problem:run-interrupted"), ("succeeded", None)]

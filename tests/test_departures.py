"""Clients that leave before money is spent, and a service that is told to stop: nothing is cut, nothing left behind."""

import asyncio
import signal
import time
import uuid
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.commands import free_port, started
from tests.conftest import VISIT, Logged, OpenService, serving
from tests.scripted_provider import Reply, ScriptedProvider, answer, vectors_reply
from tests.test_streaming import STREAM, events

RUNS = text(
    "SELECT extractions.state FROM extractions JOIN users ON users.id = extractions.user_id"
    " WHERE external_id = :external_id"
)


class Gate:
    """A chat that says when it was called, and answers when it may."""

    def __init__(self) -> None:
        self.called, self.may_answer, self.calls = asyncio.Event(), asyncio.Event(), 0

    async def __call__(self, _: dict[str, Any]) -> Reply:
        self.calls += 1
        self.called.set()
        await self.may_answer.wait()
        return answer(summary="Paid for.")


@pytest.mark.parametrize("headers", [{}, STREAM], ids=["plain", "stream"])
async def test_a_client_that_leaves_before_the_model_call_leaves_nothing(
    open_service: OpenService, connection: AsyncConnection, logged: Logged, headers: dict[str, str]
) -> None:
    hanging = Reply(vectors_reply([[1.0] * 256]).body, delay_s=60)
    service = await open_service(ScriptedProvider(embeddings=[hanging]))
    user = {"external_id": uuid.uuid4().hex}
    async with serving(service.app) as url, httpx.AsyncClient(trust_env=False) as client:
        body = {"transcript": VISIT, "user": user}
        posting = asyncio.create_task(client.post(f"{url}/extract", json=body, headers=headers))
        async with asyncio.timeout(20):
            while not service.provider.embedded:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            posting.cancel()
            with suppress(asyncio.CancelledError):
                await posting
            while not any(line["event"] == "request" for line in logged()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    line = next(line for line in logged() if line["event"] == "request")
    assert line["level"] == "info"
    assert headers or line["status"] == 499
    assert service.provider.chats == []
    users = text("SELECT count(*) FROM users WHERE external_id = :external_id")
    assert (await connection.execute(users, user)).scalar_one() == 0


@asynccontextmanager
async def stopping_service(
    database_url: URL, folder: Path, gate: Gate, **environment: str
) -> AsyncIterator[tuple[Process, httpx.AsyncClient]]:
    """A real `medextract serve` whose model is behind the gate, and a client of it."""
    port = free_port()
    async with serving(ScriptedProvider(gate)) as provider:
        settings = {
            "DATABASE_URL": database_url.render_as_string(hide_password=False),
            "LLM_PROVIDER": "openai",
            "OPENAI_BASE_URL": f"{provider}/v1",
            "SHUTDOWN_DELAY_S": "1",
            **environment,
        }
        ready = f"http://127.0.0.1:{port}/readyz"
        async with (
            started("serve", "--port", str(port), ready=ready, folder=folder, **settings) as process,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client,
        ):
            yield process, client


async def test_told_to_stop_it_finishes_what_it_has_begun(
    database_url: URL, connection: AsyncConnection, tmp_path: Path
) -> None:
    gate, users = Gate(), [{"external_id": uuid.uuid4().hex} for _ in range(3)]
    bodies = [{"transcript": VISIT, "user": user} for user in users]
    async with stopping_service(database_url, tmp_path, gate) as (process, client):
        plain = asyncio.create_task(client.post("/extract", json=bodies[0]))
        stream = asyncio.create_task(client.post("/extract", json=bodies[1], headers=STREAM))
        left = asyncio.create_task(client.post("/extract", json=bodies[2], headers=STREAM))
        async with asyncio.timeout(20):
            while gate.calls < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        left.cancel()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            while (refused := await client.get("/readyz")).status_code == 204:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert refused.json()["type"] == "urn:medextract:problem:stopping"
        assert (await client.get("/livez")).status_code == 204
        await asyncio.sleep(1.5)  # past the delay: nothing new is taken
        gate.may_answer.set()
        answered, streamed = await plain, await stream
        _, err = await asyncio.wait_for(process.communicate(), 30)
    assert (answered.status_code, answered.json()["extraction"]["summary"]) == (201, "Paid for.")
    assert events(streamed.text)[-1][0] == "result"
    assert "Traceback" not in err.decode()
    for user in users:
        assert (await connection.execute(RUNS, user)).scalars().all() == ["succeeded"], user


async def test_a_stop_takes_no_longer_than_the_deadline_allows(
    database_url: URL, connection: AsyncConnection, tmp_path: Path
) -> None:
    gate, user = Gate(), {"external_id": uuid.uuid4().hex}
    deadline = {"REQUEST_DEADLINE_S": "3", "SHUTDOWN_DELAY_S": "0"}
    async with stopping_service(database_url, tmp_path, gate, **deadline) as (process, client):
        posting = asyncio.create_task(client.post("/extract", json={"transcript": VISIT, "user": user}))
        await asyncio.wait_for(gate.called.wait(), 20)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 30)
        took = time.monotonic() - began
        assert (await posting).status_code == 504
        gate.may_answer.set()
    assert took < 3 + 5 + 5  # five for a busy machine
    assert (await connection.execute(RUNS, user)).scalars().all() == ["failed"]

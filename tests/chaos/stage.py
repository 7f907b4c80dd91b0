"""What the chaos is played on: a database server, a model provider and a `medextract serve`, all of them real."""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil
from sqlalchemy import text
from sqlalchemy.engine import URL

from app.db import migrate
from app.db.embedded import EmbeddedServer
from tests.commands import free_port, started
from tests.conftest import connection_to, serving
from tests.scripted_provider import Chat, ScriptedProvider, answer, medication

VISIT = "Doctor: Take ibuprofen 400 mg twice a day for ten days.\nPatient: All right, I will.\n"
GOOD = answer(medication_instructions=[medication("ibuprofen", 1, "Take ibuprofen 400 mg")])
_CONF = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


@dataclass
class Stage:
    """One service under test. `provider` can be given another script while it runs."""

    server: EmbeddedServer
    database: URL
    provider: ScriptedProvider
    base_url: str
    process: asyncio.subprocess.Process
    client: httpx.AsyncClient
    user: dict[str, str] = field(default_factory=lambda: {"external_id": uuid.uuid4().hex})

    async def post(self, **fields: Any) -> httpx.Response:
        headers = fields.pop("headers", {})
        body = {"transcript": VISIT, "user": self.user, **fields}
        return await self.client.post("/extract", json=body, headers=headers)

    async def states(self) -> Counter[str]:
        """How many runs of this stage's clinician are in which state."""
        query = text(
            "SELECT x.state FROM extractions x JOIN users u ON u.id = x.user_id WHERE u.external_id = :external_id"
        )
        async with connection_to(self.database) as connection:
            return Counter((await connection.scalars(query, self.user)).all())

    def memory_mb(self) -> float:
        return float(psutil.Process(self.process.pid).memory_info().rss / 1e6)


@asynccontextmanager
async def staged(server: EmbeddedServer, *chat: Chat, database: str = "", **settings: str) -> AsyncIterator[Stage]:
    """A database on the server, and a service on it whose model plays the script; settings as in the environment."""
    url = await migrate.create_database(await asyncio.to_thread(server.start), database or f"chaos_{uuid.uuid4().hex}")
    await asyncio.to_thread(migrate.upgrade, url)
    provider, port = ScriptedProvider(*(chat or (GOOD,))), free_port()
    base_url = f"http://127.0.0.1:{port}"
    async with serving(provider) as provider_url:
        environment = {
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "LLM_PROVIDER": "openai",
            "OPENAI_BASE_URL": f"{provider_url}/v1",
            "LOG_LEVEL": "ERROR",
            **settings,
        }
        with TemporaryDirectory() as folder:
            words = ("serve", "--port", str(port))
            async with (
                started(*words, ready=f"{base_url}/readyz", folder=Path(folder), **environment) as process,
                httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=90) as client,
            ):
                reading = [asyncio.create_task(_read_away(pipe)) for pipe in (process.stdout, process.stderr)]
                try:
                    yield Stage(server, url, provider, base_url, process, client)
                finally:
                    for task in reading:
                        task.cancel()
                    await asyncio.gather(*reading, return_exceptions=True)


async def _read_away(pipe: asyncio.StreamReader | None) -> None:
    """A process whose log nobody reads stands still once the pipe is full."""
    while pipe is not None and await pipe.read(65536):
        pass


@asynccontextmanager
async def under_load(stage: Stage, clients: int) -> AsyncIterator[list[tuple[float, int]]]:
    """(when it ended, status) of each request of so many clients that ask again and again; 0 for no answer."""
    seen: list[tuple[float, int]] = []

    async def ask_on() -> None:
        while True:
            try:
                status = (await stage.post()).status_code
            except httpx.TransportError:
                status = 0
            seen.append((time.monotonic(), status))
            await asyncio.sleep(0.02)

    tasks = [asyncio.create_task(ask_on()) for _ in range(clients)]
    try:
        yield seen
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)


async def until(happened: Callable[[], Awaitable[bool]], within_s: float) -> float:
    """Seconds until it happened; raises `TimeoutError`."""
    began = time.monotonic()
    async with asyncio.timeout(within_s):
        while not await happened():  # noqa: ASYNC110 - asked of others
            await asyncio.sleep(0.05)
    return time.monotonic() - began


def new_server(folder: Path) -> EmbeddedServer:
    return EmbeddedServer(folder, extra_conf=_CONF)

"""A database that stops answering without closing a connection: probes and requests end all the same."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.db import migrate
from app.db.embedded import EmbeddedServer
from tests.conftest import VISIT, new_user, running_service, scripted_settings
from tests.scripted_provider import ScriptedProvider

UNAVAILABLE = "urn:medextract:problem:storage-unavailable"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedServer]:
    """One of the test's own, since all would feel it."""
    server = EmbeddedServer(tmp_path / "data", extra_conf="fsync = off\n")
    yield server
    await asyncio.to_thread(server.stop)
    shutil.rmtree(server.folder.parent)


@contextmanager
def frozen(server: EmbeddedServer) -> Iterator[None]:
    """While the block runs, every process of the server stands still."""
    postmaster = psutil.Process(int((server.folder / "postmaster.pid").read_text().split()[0]))
    processes = [postmaster, *postmaster.children()]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


async def timed(request: Any) -> tuple[Any, float]:
    began = time.monotonic()
    return await request, time.monotonic() - began


async def test_a_database_that_hangs_is_told_in_time(server: EmbeddedServer) -> None:
    url = await migrate.create_database(await asyncio.to_thread(server.start), "frozen")
    await asyncio.to_thread(migrate.upgrade, url)
    settings = scripted_settings(url, db_statement_timeout_s=0.5, db_pool_size=1, db_max_overflow=0)
    provider = ScriptedProvider()
    async with running_service(settings, provider) as service:
        provider.database = None  # connections hang beside the calls here
        await service.extract()
        with frozen(server):
            body = {"transcript": VISIT, "user": new_user()}
            posting = asyncio.create_task(timed(service.client.post("/extract", json=body)))
            await asyncio.sleep(0.1)
            for _ in range(2):
                response, seconds = await timed(service.client.get("/readyz"))
                assert (response.status_code, response.json()["type"]) == (503, UNAVAILABLE)
                assert seconds < 3
            response, seconds = await posting
            assert response.status_code == 503
            assert seconds < 12
        assert (await service.client.get("/readyz")).status_code == 204
        assert (await service.extract())["state"] == "succeeded"

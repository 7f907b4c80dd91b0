"""Several processes behind one address: all serve, one that dies is replaced, and a signal ends them all."""

import asyncio
import re
import signal
from collections import Counter
from pathlib import Path

import httpx
import psutil
import pytest
from sqlalchemy.engine import URL

from app.db.pool_size import ENOUGH, PoolTooLarge, fitted
from tests.commands import launched
from tests.conftest import VISIT, new_user, settings_for


def processes_of(parent: int) -> set[int]:
    """Those that serve, of all that the parent has started, and live."""
    found = [process for process in psutil.Process(parent).children() if process.status() != psutil.STATUS_ZOMBIE]
    return {process.pid for process in found if any("spawn_main" in word for word in process.cmdline())}


def total(exposition: str, line: str) -> float:
    found = re.search(rf"^{re.escape(line)} ([\d.]+)$", exposition, re.MULTILINE)
    return float(found[1]) if found else 0.0


async def extract(url: str) -> int:
    """On a connection of its own, so that any of the processes may take it."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
        return (await client.post("/extract", json={"transcript": VISIT, "user": new_user()})).status_code


async def scraped(url: str, line: str) -> float:
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
        return total((await client.get("/metrics")).text, line)


@pytest.mark.timeout(240)  # three processes start, beside other tests
async def test_two_processes_serve_as_one(tmp_path: Path, database_url: URL) -> None:
    there = database_url.render_as_string(hide_password=False)
    words = ("serve", "--port", "0", "--workers", "2")
    process = await launched(*words, folder=tmp_path, DATABASE_URL=there, SHUTDOWN_DELAY_S="0")
    assert process.stderr
    try:
        announced = (await asyncio.wait_for(process.stderr.readline(), 100)).decode()
        url = announced.split()[1].removesuffix("/docs")
        first = processes_of(process.pid)
        assert len(first) == 2

        created = 'medextract_requests_total{route="/extract",status="201"}'
        statuses = Counter(await asyncio.gather(*(extract(url) for _ in range(12))))
        assert statuses == {201: 12}
        assert {await scraped(url, created) for _ in range(6)} == {12.0}
        assert await scraped(url, "medextract_extractions_in_flight") == 0.0

        killed = first.pop()
        psutil.Process(killed).kill()
        async with asyncio.timeout(60):
            while len(now := processes_of(process.pid) - {killed}) < 2:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.1)
        assert await extract(url) == 201
        assert await scraped(url, created) == 13.0

        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0
        assert not any(psutil.pid_exists(pid) for pid in now)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_connections_that_cannot_fit_are_refused_in_one_line(tmp_path: Path, database_url: URL) -> None:
    there = database_url.render_as_string(hide_password=False)
    words = ("serve", "--port", "0", "--workers", "2")
    process = await launched(*words, folder=tmp_path, DATABASE_URL=there, DB_POOL_SIZE="150")
    out, err = await asyncio.wait_for(process.communicate(), 60)
    said = " ".join(err.decode().split())
    assert (process.returncode, out) == (1, b"")
    assert "2 processes with 150 connections each do not fit" in said
    assert "Traceback" not in said


async def test_the_pool_is_what_fits(database_url: URL) -> None:
    """The tests' server takes 200 connections."""
    sizes = {}
    for workers in (1, 2, 4, 16, 64):
        settings = settings_for(database_url, serve_workers=workers)
        sizes[workers] = (await fitted(database_url, settings)).db_pool_size
    assert (sizes[1], sizes[2]) == (ENOUGH, ENOUGH)
    assert ENOUGH > (sizes[16] or 0) > (sizes[64] or 0) >= 1
    assert all(workers * (size or 0) < 200 for workers, size in sizes.items())
    for wrong in ({"serve_workers": 250}, {"serve_workers": 4, "db_pool_size": 40, "db_max_overflow": 20}):
        with pytest.raises(PoolTooLarge):
            await fitted(database_url, settings_for(database_url, **wrong))

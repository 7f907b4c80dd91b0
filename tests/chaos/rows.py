"""The rows: each does one thing to the stage and tells what was seen, and whether that is what must be."""

import asyncio
import shutil
import signal
import statistics
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
import orjson
from sqlalchemy import text

from app.db.embedded import EmbeddedServer
from tests.chaos.stage import GOOD, Stage, staged, under_load, until
from tests.conftest import connection_to
from tests.scripted_provider import Reply, answer, failure
from tests.test_concurrency import locked
from tests.test_departures import Gate

Seen = tuple[str, bool]
JSON = {"Content-Type": "application/json"}
DOWN_S = 5.0


def kind(response: httpx.Response) -> str:
    told = response.json()["type"].rpartition(":")[2] if response.status_code >= 400 else "answered"
    return f"{response.status_code} {told}"


async def database_restarted(server: EmbeddedServer) -> Seen:
    """PostgreSQL killed under load, back after 5 s: 503 and 504 only, 201 again within 5 s, no half-written run."""
    # So short that a run whose failure could not be noted is swept within this row.
    async with staged(server, REQUEST_DEADLINE_S="12", SWEEP_EVERY_S="5") as stage:
        async with under_load(stage, clients=16) as seen:
            await asyncio.sleep(3)
            await asyncio.to_thread(_control, server, "-m", "immediate", "stop")
            probes = await _probes(stage)
            await asyncio.sleep(DOWN_S)
            options = f"-h '' -k . -p {stage.database.port}"
            await asyncio.to_thread(_control, server, "-l", "log", "-o", options, "start")
            back = time.monotonic()
            await until(lambda: _is_served(seen, back), within_s=30)
            first = min(when for when, status in seen if status == 201 and when > back) - back
            await asyncio.sleep(2)
        statuses = sorted({status for _, status in seen})
        await until(lambda: _nothing_runs(stage), within_s=90)
        states = dict(await stage.states())
    told = f"statuses {statuses}, livez/readyz {probes}, 201 after {first:.1f} s, runs {states}"
    return told, set(statuses) <= {201, 503, 504} and probes == (204, 503) and first < 5 and "running" not in states


async def killed(server: EmbeddedServer) -> Seen:
    """kill -9 mid-request, then the same Idempotency-Key: one result, at most one more model call."""
    gate, key = Gate(), {"Idempotency-Key": uuid.uuid4().hex}
    async with staged(server, gate) as stage:
        user, name = stage.user, stage.database.database
        posting = asyncio.create_task(stage.post(headers=key))
        await asyncio.wait_for(gate.called.wait(), 30)
        stage.process.kill()
        await asyncio.wait([posting])
        broke_off = type(posting.exception()).__name__
        gate.may_answer.set()
    began, answers = time.monotonic(), []
    async with staged(server, gate, database=str(name)) as stage:
        stage.user = user
        while not answers or answers[-1].status_code != 201:
            answers.append(await stage.post(headers=key))
            await asyncio.sleep(float(answers[-1].headers.get("retry-after", 0)))
        took, again = time.monotonic() - began, await stage.post(headers=key)
        states = dict(await stage.states())
    same = again.json()["id"] == answers[-1].json()["id"]
    statuses = [response.status_code for response in answers]
    told = f"{broke_off}, then {statuses} in {took:.0f} s, {gate.calls} calls, runs {states}"
    return told, same and gate.calls <= 2 and states == {"succeeded": 1, "failed": 1}


async def told_to_stop(server: EmbeddedServer) -> Seen:
    """SIGTERM under load: every request in flight is answered, exit within the deadline and 5 s."""
    slow = answer(delay_s=2)
    async with staged(server, slow, REQUEST_DEADLINE_S="10", SHUTDOWN_DELAY_S="1") as stage:
        posting = [asyncio.create_task(stage.post()) for _ in range(32)]
        async with asyncio.timeout(60):
            while len(stage.provider.chats) < 32:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        began = time.monotonic()
        stage.process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(stage.process.wait(), 60)
        took = time.monotonic() - began
        statuses = [response.status_code for response in await asyncio.gather(*posting)]
        states = dict(await stage.states())
    told = f"{len(statuses)} answers {sorted(set(statuses))}, exit after {took:.1f} s, runs {states}"
    return told, set(statuses) == {201} and took < 1 + 10 + 5 and states == {"succeeded": 32}


async def disk_full(server: EmbeddedServer) -> Seen:
    """A disk that is full for real (SQLSTATE 53100): 503 storage-full, reads go on, and writes once there is room."""
    place = server.folder.parent / "small"
    place.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)], capture_output=True)  # noqa: S603, S607, ASYNC221
    if mounted.returncode != 0:
        return "a small file system cannot be mounted here (that needs root): not done", True
    try:
        return await _fill(server, place)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)  # noqa: S603, S607, ASYNC221


async def _fill(server: EmbeddedServer, place: Path) -> Seen:
    url, name = await asyncio.to_thread(server.start), f"chaos_{uuid.uuid4().hex}"
    shutil.chown(place, server.folder.owner(), server.folder.group())
    async with connection_to(url) as connection:
        await connection.execute(text(f"CREATE TABLESPACE small LOCATION '{place}'"))
        await connection.execute(text(f'CREATE DATABASE "{name}" TABLESPACE small'))
    async with staged(server, database=name) as stage:
        stored = (await stage.post()).json()
        filler = place / "filler"
        with filler.open("wb") as file:
            _write_until_full(file)
        refused = await _until_refused(stage)
        read = await stage.client.get(f"/extractions/{stored['id']}")
        filler.unlink()
        again = await stage.post()
    async with connection_to(url) as connection:
        await connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        await connection.execute(text("DROP TABLESPACE small"))
    told = f"{refused}, read {read.status_code}, with room again {again.status_code}"
    return told, (refused, read.status_code, again.status_code) == ("503 storage-full", 200, 201)


def _write_until_full(file: Any) -> None:
    try:
        while True:
            file.write(b"\0" * 65536)
            file.flush()
    except OSError:
        return


async def _until_refused(stage: Stage) -> str:
    """Pages that are there already have some room left."""
    for _ in range(50):
        response = await stage.post(transcript="Doctor: " + " ".join(uuid.uuid4().hex for _ in range(3000)))
        if response.status_code != 201:
            return kind(response)
    return "never refused"


async def pool_exhausted(server: EmbeddedServer) -> Seen:
    """No database connection is free: 503 overloaded within 2 s."""
    pool = {"DB_POOL_SIZE": "2", "DB_MAX_OVERFLOW": "0", "DB_POOL_TIMEOUT_S": "1"}
    async with staged(server, **pool) as stage:
        await stage.post()
        async with locked(stage.database, "users"):
            holding = [asyncio.create_task(stage.post()) for _ in range(2)]
            await asyncio.sleep(0.5)
            began = time.monotonic()
            refused = [kind(response) for response in await asyncio.gather(*(stage.post() for _ in range(10)))]
            took = time.monotonic() - began
        served = [response.status_code for response in await asyncio.gather(*holding)]
    told = f"{sorted(set(refused))} after {took:.1f} s; those that held the connections {served}"
    return told, set(refused) == {"503 overloaded"} and took < 3 and served == [201, 201]


async def provider_drips(server: EmbeddedServer) -> Seen:
    """A provider that drips a byte at a time: 504 at the deadline, for all at once."""
    drip = Reply(GOOD.body, drip_s=0.2)
    async with staged(server, drip, REQUEST_DEADLINE_S="4") as stage:
        began = time.monotonic()
        told = [kind(response) for response in await asyncio.gather(*(stage.post() for _ in range(20)))]
        took = time.monotonic() - began
        states = dict(await stage.states())
    return f"{sorted(set(told))} after {took:.1f} s, runs {states}", set(told) == {"504 provider-timeout"} and took < 8


async def breaker_open(server: EmbeddedServer) -> Seen:
    """An open breaker refuses in under 50 ms."""
    async with staged(server, failure(500, retry_after="0"), LLM_BREAKER_OPEN_S="300") as stage:
        while "paused" not in kind(response := await stage.post()):
            pass
        waits = []
        for _ in range(100):
            began = time.perf_counter()
            response = await stage.post()
            waits.append(1000 * (time.perf_counter() - began))
    median = statistics.median(waits)
    told = f"{kind(response)}, Retry-After {response.headers['retry-after']}, median {median:.1f} ms"
    return told, median < 50


async def senseless_bodies(server: EmbeddedServer) -> Seen:
    """Nesting 100,000 deep, a 5,000-digit number, bytes that are no UTF-8: 400 or 422 in under 50 ms."""
    bodies = {
        "nested": b'{"transcript": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "digits": b'{"transcript": ' + b"9" * 5000 + b"}",
        "bytes": b'{"transcript": "caf\xe9"}',
        "nan": orjson.dumps({"transcript": "x"}).replace(b'"x"', b"NaN"),
    }
    told, good = [], True
    async with staged(server) as stage:
        for name, body in bodies.items():
            waits = []
            for _ in range(20):
                began = time.perf_counter()
                response = await stage.client.post(
                    "/extract", content=body, headers={"Content-Type": "application/json"}
                )
                waits.append(1000 * (time.perf_counter() - began))
            told.append(f"{name} {response.status_code} {statistics.median(waits):.1f} ms")
            good = good and response.status_code in (400, 422) and statistics.median(waits) < 50
    return ", ".join(told), good


def _control(server: EmbeddedServer, *words: str) -> None:
    server._programs.run("pg_ctl", "-w", "-D", ".", *words, folder=server.folder)


async def _probes(stage: Stage) -> tuple[int, int]:
    live, ready = [await stage.client.get(path) for path in ("/livez", "/readyz")]
    return live.status_code, ready.status_code


async def _is_served(seen: list[tuple[float, int]], since: float) -> bool:
    return any(status == 201 and when > since for when, status in seen)


async def _nothing_runs(stage: Stage) -> bool:
    return "running" not in await stage.states()


ROWS = {
    "provider drips": provider_drips,
    "breaker open": breaker_open,
    "senseless bodies": senseless_bodies,
    "pool exhausted": pool_exhausted,
    "disk full": disk_full,
    "SIGTERM under load": told_to_stop,
    "kill -9 mid-request": killed,
    "PostgreSQL down 5 s": database_restarted,
}

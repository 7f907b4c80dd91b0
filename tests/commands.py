"""Runs the commands for tests: in this process, as the installed script does, or in processes of their own."""

import asyncio
import os
import socket
import sys
import threading
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy.engine import URL

from app.cli import main
from tests.conftest import PROJECT


@dataclass
class Ended:
    """A command that has run."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        assert self.code == 0, self.err
        return orjson.loads(self.out)

    def failed_clearly(self, code: int = 1) -> str:
        """What it said on standard error: a line or two, no traceback, and nothing on standard output."""
        assert (self.code, self.out) == (code, "")
        assert "Traceback" not in self.err
        return self.err


Run = Callable[..., Ended]


def commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path, database_url: URL
) -> Run:
    """Runs a command in this process, in a folder that should hold no `.env`."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DATABASE_URL", database_url.render_as_string(hide_password=False))

    def run(*words: str, **environment: str) -> Ended:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["medextract", *words])
        code = 0

        def in_thread() -> None:
            nonlocal code
            try:
                main()
            except SystemExit as end:
                code = int(end.code or 0)

        thread = threading.Thread(target=in_thread)
        thread.start()
        thread.join()
        shown = capsys.readouterr()
        return Ended(code, shown.out, shown.err)

    return run


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def launched(*words: str, folder: Path, **environment: str) -> Process:
    """In a folder without a `.env`."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.cli",
        *words,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT), **environment},
        stdout=PIPE,
        stderr=PIPE,
    )


@asynccontextmanager
async def started(*words: str, ready: str, folder: Path, **environment: str) -> AsyncIterator[Process]:
    """A command in a process of its own, once it answers at `ready`."""
    process = await launched(*words, folder=folder, **environment)
    try:
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(60):
            while not await _answers(client, ready):
                assert process.returncode is None, (await process.communicate())[1].decode()
                await asyncio.sleep(0.05)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).is_success
    except httpx.TransportError:
        return False

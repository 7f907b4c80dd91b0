"""Starts servers in processes of their own on free loopback ports, waits until they answer, and ends them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from app.settings import Settings

PROJECT = Path(__file__).parents[1]
READY_WITHIN_S, END_WITHIN_S = 90.0, 20.0


class NotStarted(RuntimeError):
    """A server of the benchmark did not start."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server of ours."""

    url: str
    pid: int


@contextmanager
def running(
    words: Sequence[str], port: int, ready: str, folder: Path, environment: dict[str, str] | None = None
) -> Iterator[Server]:
    """The server while the block runs; it works in `folder`, where its output goes to a file. Raises `NotStarted`."""
    url = f"http://127.0.0.1:{port}"
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603
            words, cwd=folder, env=clean_environment() | (environment or {}), stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_ready(process, url + ready, folder / f"{port}.log")
            yield Server(url, process.pid)
        finally:
            _end(process)


def python(module: str, *words: str) -> list[str]:
    """A module of the benchmark as a command."""
    return [sys.executable, "-m", module, *words]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def clean_environment() -> dict[str, str]:
    """This process's environment without the service's settings: what is measured is set by the benchmark alone."""
    names = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in names}
    return kept | {"PYTHONPATH": str(PROJECT)}


def _wait_until_ready(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    until = time.monotonic() + READY_WITHIN_S
    with httpx.Client(trust_env=False, timeout=2) as client:
        while not _answers(client, url):
            if process.poll() is not None or time.monotonic() > until:
                raise NotStarted(f"{NotStarted.__doc__} It said: {log.read_text()[-2000:]}")
            time.sleep(0.05)


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).is_success
    except httpx.TransportError:
        return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Asks first; what does not go in time is killed with all its children."""
    if process.poll() is not None:
        return
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(END_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in children:
        if child.is_running():
            child.kill()

"""Sends what schemathesis makes of the OpenAPI document to a running service, and counts what came of it."""

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

CONFIG = Path(__file__).with_name("schemathesis.toml")


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """One run: its seed, the cases that were sent, the failures among them, and what schemathesis printed."""

    seed: int
    cases: int
    failures: int
    printed: str


async def fuzz(url: str, seed: int, *options: str) -> Fuzzed:
    """A run against the service at `url`; the same seed sends the same cases. Raises when there is no report."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", f"{url}/openapi.json"),
            *("--seed", str(seed), "--report-json-path", str(report), "--continue-on-failure", "--no-color", *options),
            cwd=folder,
            stdout=PIPE,
            stderr=STDOUT,
        )
        printed, _ = await process.communicate()
        return _counted(seed, orjson.loads(report.read_bytes()), printed.decode())


def _counted(seed: int, report: dict[str, Any], printed: str) -> Fuzzed:
    cases = report["test_cases"]
    return Fuzzed(seed, cases["generated"], cases["with_failures"] + cases["errored"] + len(report["errors"]), printed)

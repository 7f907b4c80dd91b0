"""Runs the rows one after another, or those named, and prints a line for each; exit 1 when one is not as it must be."""

import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from app.db.embedded import EmbeddedServer
from tests.chaos.rows import ROWS
from tests.chaos.soak import soak
from tests.chaos.stage import new_server

ALL = {**ROWS, "soak": soak}


async def main(chosen: list[str], folder: Path) -> int:
    failed, server = 0, new_server(folder / "data")
    try:
        for name in chosen or ALL:
            failed += not await _run(name, server)
    finally:
        await asyncio.to_thread(server.stop)
    _say(f"{failed} of {len(chosen or ALL)} rows are not as they must be")
    return min(failed, 1)


async def _run(name: str, server: EmbeddedServer) -> bool:
    row, began = ALL[name], time.monotonic()
    try:
        async with asyncio.timeout(420):
            seen, good = await row(server)
    except Exception as error:
        seen, good = f"{type(error).__name__}: {error}", False
    _say(f"{'ok ' if good else 'NOT'} {name}, {time.monotonic() - began:.0f} s")
    _say(f"    expected: {(row.__doc__ or '').strip()}")
    _say(f"    seen:     {seen}")
    return good


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with TemporaryDirectory(prefix="medextract-chaos-") as made:
        Path(made).chmod(0o755)  # PostgreSQL, started by root, runs as another account
        sys.exit(asyncio.run(main(sys.argv[1:], Path(made))))

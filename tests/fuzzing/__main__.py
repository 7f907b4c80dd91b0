"""`make fuzz`: schemathesis against a running service, seed after seed, until it has sent the cases asked for."""

import argparse
import asyncio
import secrets
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from app.logs import configure_logging
from app.serving import running
from app.settings import Settings
from tests.fuzzing.schemathesis_run import Fuzzed, fuzz

# Processes, not schemathesis' own threads, in which parsing Python fails on 3.11.
AT_ONCE = 4


def main() -> None:
    asked = _asked()
    configure_logging(_settings())
    with TemporaryDirectory() as folder:
        runs = asyncio.run(_until(asked.cases, asked.seed, Path(folder)))
    cases, failures = sum(run.cases for run in runs), sum(run.failures for run in runs)
    print(f"{cases} cases, {failures} failures, seeds {', '.join(str(run.seed) for run in runs)}")
    sys.exit(1 if failures or cases < asked.cases else 0)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="how many to send at least")
    parser.add_argument(
        "--seed", type=int, default=secrets.randbelow(2**31), help="of the first run; the next adds one"
    )
    return parser.parse_args()


async def _until(cases: int, seed: int, folder: Path) -> list[Fuzzed]:
    """Runs, a few at a time, until there are enough cases, or until one fails or sends nothing.

    Each has a service and a database of its own: one deletes what it finds, and another may look for it.
    """
    runs: list[Fuzzed] = []
    async with AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(running(_settings(folder / str(n)))) for n in range(AT_ONCE)]
        while sum(run.cases for run in runs) < cases and all(run.cases and not run.failures for run in runs):
            first = seed + len(runs)
            fuzzing = [fuzz(url, first + place, "--max-examples", "120") for place, url in enumerate(urls)]
            for done in asyncio.as_completed(fuzzing):
                runs.append(await done)
                _tell(runs[-1])
    return runs


def _settings(folder: Path | None = None) -> Settings:
    own = {"data_dir": folder} if folder else {}
    return Settings(_env_file=None, log_level="ERROR", **own)


def _tell(run: Fuzzed) -> None:
    print(f"seed {run.seed}: {run.cases} cases, {run.failures} failures", flush=True)
    if run.failures or not run.cases:
        print(run.printed)


if __name__ == "__main__":
    main()

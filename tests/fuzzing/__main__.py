"""`make fuzz`: schemathesis against a running service, seed after seed, until it has sent the cases asked for."""

import argparse
import asyncio
import secrets
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from app.logs import configure_logging
from app.serving import running
from app.settings import Settings
from tests.fuzzing.schemathesis_run import Fuzzed, fuzz

# Processes, not schemathesis' own threads, in which parsing Python fails on 3.11.
AT_ONCE = 3


def main() -> None:
    asked = _asked()
    with TemporaryDirectory() as folder:
        settings = Settings(_env_file=None, data_dir=Path(folder), log_level="ERROR")
        configure_logging(settings)
        runs = asyncio.run(_until(asked.cases, asked.seed, settings))
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


async def _until(cases: int, seed: int, settings: Settings) -> list[Fuzzed]:
    """Runs, a few at a time, until there are enough cases, or until one fails or sends nothing."""
    runs: list[Fuzzed] = []
    async with running(settings) as url:
        while sum(run.cases for run in runs) < cases and all(run.cases and not run.failures for run in runs):
            seeds = range(seed + len(runs), seed + len(runs) + AT_ONCE)
            done = await asyncio.gather(*(fuzz(url, each, "--max-examples", "200") for each in seeds))
            runs += done
            for run in done:
                _tell(run)
    return runs


def _tell(run: Fuzzed) -> None:
    print(f"seed {run.seed}: {run.cases} cases, {run.failures} failures", flush=True)
    if run.failures or not run.cases:
        print(run.printed)


if __name__ == "__main__":
    main()

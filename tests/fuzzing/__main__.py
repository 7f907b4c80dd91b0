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
    """Runs until there are enough cases, or until one fails or sends nothing."""
    runs: list[Fuzzed] = []
    async with running(settings) as url:
        while sum(run.cases for run in runs) < cases:
            run = await fuzz(url, seed + len(runs), "--max-examples", "300", "--workers", "8")
            runs.append(run)
            print(f"seed {run.seed}: {run.cases} cases, {run.failures} failures", flush=True)
            if run.failures or not run.cases:
                print(run.printed)
                break
    return runs


if __name__ == "__main__":
    main()

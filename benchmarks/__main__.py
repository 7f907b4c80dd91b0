"""The command `python -m benchmarks`: compares the service with the floor and the baseline, and with any URL given."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.comparison import Field, Measured, Setting, field_of
from benchmarks.processes import PROJECT
from benchmarks.report import comparison_table, write_report, written
from benchmarks.stage import FLOOR, SEQUENTIAL, SERVICE, stage

RESULTS = PROJECT / "benchmarks" / "results"
out, progress = Console(width=None if sys.stdout.isatty() else 120), Console(stderr=True)
cli = typer.Typer(add_completion=False)


@cli.command()
def bench(
    in_flight: Annotated[str, typer.Option(help="How many requests at a time, with commas between.")] = "1,16,64,128",
    variants: Annotated[
        str, typer.Option(help="floor, sequential, service, service-N for N workers, or another checkout's folder.")
    ] = f"{FLOOR},{SEQUENTIAL},{SERVICE}",
    url: Annotated[list[str] | None, typer.Option(help="Your own running service; may be repeated.")] = None,
    model_ms: Annotated[float, typer.Option(help="How long the model server takes to answer.")] = 250,
    rounds: int | None = None,
    seconds: Annotated[float | None, typer.Option(help="How long each variant is driven in each round.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="One short round of each.")] = False,
    to: Annotated[Path, typer.Option("--out", help="The folder for JSON and plots.")] = RESULTS,
) -> None:
    """Drives the variants in turn within each round, and prints medians, with the ratio to the floor in brackets."""
    rounds, seconds = rounds or (1 if quick else 3), seconds or (3.0 if quick else 5.0)
    settings = [Setting(int(number), model_ms / 1000, seconds, rounds) for number in in_flight.split(",")]
    names = [name for name in variants.split(",") if name]
    folder = PROJECT / ".data" / f"bench-{os.getpid()}"
    with stage(folder) as place, field_of(place, names, url or []) as field:
        measured = [compare(field, setting) for setting in settings]
    write_report(to / "bench.json", comparison=[row for rows in measured for row in written(rows)])
    progress.print(f"written to {to / 'bench.json'}", soft_wrap=True)


def compare(field: Field, setting: Setting) -> list[Measured]:
    with progress.status(setting.label) as status:
        measured = field.compare(setting, field.variants, status.update)
    out.print(comparison_table(measured))
    return measured


if __name__ == "__main__":
    cli()

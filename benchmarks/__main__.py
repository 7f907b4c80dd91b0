"""The command `python -m benchmarks`: compares the service with the floor and the baseline, and with any URL given."""

import os
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks import goals, single_service
from benchmarks.comparison import Field, Measured, Setting, field_of
from benchmarks.goals import Goal
from benchmarks.plots import plot_comparison
from benchmarks.processes import PROJECT, NotStarted
from benchmarks.report import comparison_table, write_report, written
from benchmarks.stage import FLOOR, SEQUENTIAL, SERVICE, TWO_WORKERS, stage

RESULTS = PROJECT / "benchmarks" / "results"
VARIANTS = f"{FLOOR},{SEQUENTIAL},{SERVICE}"
out, progress = Console(width=None if sys.stdout.isatty() else 120), Console(stderr=True)


@dataclass(slots=True)
class Run:
    """What was asked for, and what has come of it so far."""

    place: Field
    rounds: int
    seconds: float
    quick: bool
    compared: list[Measured] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)

    def compare(self, setting: Setting, variants: list[str] | None = None) -> list[Measured]:
        with progress.status(setting.label) as status:
            measured = self.place.compare(setting, variants or self.place.variants, status.update)
        out.print(comparison_table(measured))
        return measured


def bench(
    in_flight: Annotated[str | None, typer.Option(help="How many requests at a time, with commas between.")] = None,
    variants: Annotated[
        str | None, typer.Option(help="floor, sequential, service, service-N (workers), or another checkout's folder.")
    ] = None,
    url: Annotated[list[str] | None, typer.Option(help="Your own running service; may be repeated.")] = None,
    model_ms: Annotated[float, typer.Option(help="How long the model server takes to answer.")] = 250,
    rounds: int | None = None,
    seconds: Annotated[float | None, typer.Option(help="How long each variant is driven in each round.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="One short round of each.")] = False,
    to: Annotated[Path, typer.Option("--out", help="The folder for JSON and plots.")] = RESULTS,
) -> None:
    """Drives the variants in turn within each round; prints medians, and in brackets the ratio to the floor.

    With --in-flight, --variants or --url it compares these; without, it goes through all goals.
    """
    chosen = bool(in_flight or variants or url)
    names = [name for name in (variants or VARIANTS).split(",") if name]
    numbers = [int(number) for number in (in_flight or ("1,16,128" if quick else "1,16,64,128")).split(",")]
    folder = PROJECT / ".data" / f"bench-{os.getpid()}"
    with stage(folder) as place, field_of(place, names, url or []) as variants_running:
        run = Run(variants_running, rounds or (1 if quick else 3), seconds or (3.0 if quick else 5.0), quick)
        for number in numbers:
            # One at a time gives few figures a second.
            longer = 2 * run.seconds if number == 1 else run.seconds
            run.compared += run.compare(Setting(number, model_ms / 1000, longer, run.rounds))
        parts = {} if chosen else _go_through_goals(run)
    write_report(to / "bench.json", comparison=written(run.compared), goals=goals.written_goals(run.goals), **parts)
    plot_comparison(run.compared, to / "bench.svg")
    progress.print(f"written: {to / 'bench.json'}, {to / 'bench.svg'}", soft_wrap=True)


def _go_through_goals(run: Run) -> dict[str, Any]:
    """What the comparison does not tell already; the goals of growth come from `growth`."""
    with ExitStack() as stack:
        two_workers = _start_two_workers(run, stack)
        slow = run.compare(Setting(128, 1.0, 2 * run.seconds, run.rounds), [*run.place.variants, *two_workers])
        fast = Setting(128, 0.25, run.seconds, run.rounds)
        workers = run.compare(fast, [FLOOR, SERVICE, *two_workers]) if two_workers else []
    with progress.status("the service alone") as status:
        run.goals += [goals.cpu_goal(run.compared), goals.added_latency_goal(run.compared)]
        run.goals += goals.throughput_goals(slow)
        run.goals.append(single_service.measure_repeats(run.place, status.update))
        run.goals += single_service.measure_overload(run.place, 3 * run.seconds, status.update)
        counts = (200, 2_000) if run.quick else (2_000, 20_000)
        run.goals.append(single_service.measure_memory(run.place, *counts, status.update))
    out.print(goals.goals_table(run.goals))
    return {"slow_model": written(slow), "workers": written(workers)}


def _start_two_workers(run: Run, stack: ExitStack) -> list[str]:
    """Its name, until the stack is closed; none where the machine does not let a second process start."""
    try:
        stack.enter_context(run.place.also(TWO_WORKERS))
    except NotStarted as reason:
        progress.print(str(reason), style="red", markup=False)
        return []
    return [TWO_WORKERS]


if __name__ == "__main__":
    typer.run(bench)

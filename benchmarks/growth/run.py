"""Fills a database step by step, and measures the running service and its search at each."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.comparison import Field, field_of
from benchmarks.driver import percentiles
from benchmarks.goals import Goal, goals_table, written_goals
from benchmarks.growth.filling import Filling, connect
from benchmarks.growth.recall import recall_inside
from benchmarks.growth.walls import cost_of_walls
from benchmarks.load import Load
from benchmarks.plots import plot_growth
from benchmarks.processes import PROJECT
from benchmarks.report import write_report
from benchmarks.stage import SERVICE, dsn, stage
from benchmarks.visits import clinician_email

SIZES = (10_000, 100_000, 1_000_000)
OWN_SIZES = (50, 1_000, 10_000, 25_000)
# The clinician whose own visits stay as many while those of others grow; the next ones have OWN_SIZES.
STEADY, STEADY_VISITS = 0, 200
SEARCHES = ("visit_search", "test_case_search")
INSERTS = ("open_run", "save_result", "save_embeddings")
# The checkpoints that a fill brings about should be few.
_CONF = "max_wal_size = 2GB\n"
out, progress = Console(width=None if sys.stdout.isatty() else 120), Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Point:
    """One clinician's requests while so many visits were stored: (p50, p95) of each phase and CPU, in ms."""

    visits: int
    own: int
    stored_bytes: int
    recall: float
    recall_of_all: float
    cpu_ms: float
    phases: dict[str, tuple[float, float]]


@dataclass(slots=True)
class Growth:
    """The points so far, over others' visits and over one's own; `walls` is what row-level security multiplies."""

    others: list[Point] = field(default_factory=list)
    own: list[Point] = field(default_factory=list)
    walls: float = 1.0


def growth(
    most: Annotated[int, typer.Option("--max", help="Stop at so many stored visits.")] = SIZES[-1],
    requests: Annotated[int, typer.Option(help="How many requests are measured at each size.")] = 300,
    to: Annotated[Path, typer.Option("--out", help="The folder for JSON and plots.")] = PROJECT / "benchmarks/results",
) -> None:
    """Measures the service's phases at 10,000, 100,000 and a million stored visits, then over one's own."""
    folder = PROJECT / ".data" / f"bench-growth-{os.getpid()}"
    with stage(folder, _CONF) as place, field_of(place, [SERVICE]) as running:
        place.set_latency(chat_s=0.01)
        found = asyncio.run(grow(running, most, requests))
    goals = goals_of(found)
    out.print(points_table("visits of others", found.others))
    out.print(points_table("one's own visits", found.own))
    out.print(goals_table(goals))
    out.print(f"A search with row-level security takes {found.walls:.2f} times as long as without.")
    write_report(to / "growth.json", growth=asdict(found), goals=written_goals(goals))
    plot_growth(panels(found), to / "growth.svg")
    progress.print(f"written: {to / 'growth.json'}, {to / 'growth.svg'}", soft_wrap=True)


async def grow(running: Field, most: int, requests: int) -> Growth:
    """Fills the service's database step by step, up to `most` visits beside the measured clinicians' own."""
    connection = await connect(dsn(running.stage.database(SERVICE)))
    filling, found = Filling(connection), Growth()
    with progress.status("filling") as status:
        await filling.begin()
        await filling.fill_own(STEADY, STEADY_VISITS)
        for size in [size for size in SIZES if size <= most] or [most]:
            status.update(f"filling to {size:,} visits")
            await filling.fill_to(size)
            status.update(f"measuring at {size:,} visits")
            found.others.append(await _measure(running, filling, connection, STEADY, STEADY_VISITS, requests))
        status.update("row-level security")
        steady = await _user_id(connection, STEADY)
        found.walls = await cost_of_walls(running.stage.database(SERVICE), steady)
        for clinician, visits in enumerate([own for own in OWN_SIZES if own <= most], STEADY + 1):
            status.update(f"a clinician with {visits:,} visits")
            await filling.fill_own(clinician, visits)
            found.own.append(await _measure(running, filling, connection, clinician, visits, requests))
    await connection.close()
    return found


async def _measure(running: Field, filling: Filling, connection: Any, clinician: int, own: int, requests: int) -> Point:
    load = Load("", requests=requests, warm_up_s=2.0, spread_s=0, clinician=clinician, with_phases=True)
    outcome = await asyncio.to_thread(running.measure, SERVICE, load)
    phases = {phase: percentiles(taken) for phase, taken in outcome.phases_ms.items()}
    user_id = await _user_id(connection, clinician)
    recall = await recall_inside(connection, running.stage.database(SERVICE), user_id)
    known = {phase: (p50, p95) for phase, (p50, p95) in phases.items() if p50 is not None and p95 is not None}
    return Point(filling.visits, own, await filling.bytes_stored(), *recall, outcome.main_cpu_ms or 0.0, known)


async def _user_id(connection: Any, clinician: int) -> UUID:
    found: UUID = await connection.fetchval("SELECT id FROM users WHERE email = $1", clinician_email(clinician))
    return found


def goals_of(found: Growth) -> list[Goal]:
    first, last = found.others[0], found.others[-1]
    sizes = f"at {last.visits:,} stored visits against {first.visits:,}"
    return [
        *(Goal(f"p95 of {phase} {sizes}", 1.3, last.phases[phase][1] / first.phases[phase][1]) for phase in SEARCHES),
        Goal(
            "recall@10 inside one owner, among the visits that the search covers",
            1.0,
            min(point.recall for point in [*found.others, *found.own]),
            at_least=True,
        ),
    ]


def points_table(title: str, points: Sequence[Point]) -> Table:
    """A row for each size: CPU of a request, p50 and p95 of searches and inserts."""
    table = Table(title=f"Phases over {title}, p50 / p95 in ms", title_justify="left")
    for name in ("visits", "own", "GiB", "recall@10", "of all", "CPU", *SEARCHES, *INSERTS, "sum of p50"):
        table.add_column(name, justify="right")
    for point in points:
        taken = [point.phases[phase] for phase in (*SEARCHES, *INSERTS)]
        told = [f"{p50:.2f} / {p95:.2f}" for p50, p95 in taken]
        sizes = (f"{point.visits:,}", f"{point.own:,}", f"{point.stored_bytes / 2**30:.2f}")
        recall = (f"{point.recall:.3f}", f"{point.recall_of_all:.3f}")
        table.add_row(*sizes, *recall, f"{point.cpu_ms:.1f}", *told, f"{sum(p50 for p50, _ in taken):.2f}")
    return table


def panels(found: Growth) -> dict[str, dict[str, list[tuple[float, float]]]]:
    names = ("user_lookup", *SEARCHES, *INSERTS)
    return {
        "p95 in ms over all stored visits": {
            name: [(point.visits, point.phases[name][1]) for point in found.others] for name in names
        },
        "p95 in ms over one's own visits": {
            name: [(point.own, point.phases[name][1]) for point in found.own] for name in names
        },
    }

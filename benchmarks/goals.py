"""The goals that the service is held to, each with what was measured, reached or not."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from benchmarks.comparison import Measured
from benchmarks.load import Outcome
from benchmarks.report import ratio
from benchmarks.stage import FLOOR, SEQUENTIAL, SERVICE, TWO_WORKERS


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio that must be at most, or at least, `limit`; `measured` is None where this run had no figure for it."""

    what: str
    limit: float
    measured: float | None
    at_least: bool = False
    note: str = ""

    @property
    def reached(self) -> bool | None:
        if self.measured is None:
            return None
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit


def goals_table(goals: Sequence[Goal]) -> Table:
    table = Table(title="Goals", title_justify="left")
    for name in ("what", "goal", "measured", "reached", "note"):
        table.add_column(name)
    for goal in goals:
        sign = "at least" if goal.at_least else "at most"
        measured = "not in this run" if goal.measured is None else f"{goal.measured:.3g}"
        reached = {None: "–", True: "yes", False: "no"}[goal.reached]
        table.add_row(goal.what, f"{sign} {goal.limit:g}", measured, reached, goal.note)
    return table


def written_goals(goals: Sequence[Goal]) -> list[dict[str, Any]]:
    return [asdict(goal) | {"reached": goal.reached} for goal in goals]


def cpu_goal(measured: Sequence[Measured]) -> Goal:
    service, floor = _pair(measured, 16, FLOOR)
    whole = service and floor and ratio(service, floor, "tree_cpu_ms")
    return Goal(
        "CPU per request of the service process against the floor, 16 in flight",
        2.5,
        ratio(service, floor, "main_cpu_ms") if service and floor else None,
        note=f"with its child processes {whole:.2f}" if whole else "",
    )


def added_latency_goal(measured: Sequence[Measured]) -> Goal:
    service, floor = _pair(measured, 1, FLOOR)
    found = ratio(service, floor, "p50_ms") if service and floor else None
    return Goal("p50 added over the floor, one request at a time", 0.03, None if found is None else found - 1)


def throughput_goals(measured: Sequence[Measured]) -> list[Goal]:
    """At 128 in flight, with a model that takes a second."""
    service, floor = _pair(measured, 128, FLOOR)
    _, baseline = _pair(measured, 128, SEQUENTIAL)
    against_floor = ratio(service, floor, "throughput") if service and floor else None
    against_baseline = ratio(service, baseline, "throughput") if service and baseline else None
    _, two_workers = _pair(measured, 128, TWO_WORKERS)
    with_two = ratio(two_workers, floor, "throughput") if two_workers and floor else None
    note = "" if with_two is None else f"with two workers {with_two:.2f}"
    return [
        Goal("throughput against the floor, 128 in flight, model 1 s", 0.95, against_floor, at_least=True, note=note),
        Goal("errors in that measurement", 0, None if service is None else service.errors),
        Goal("throughput against the sequential baseline, 128 in flight", 25, against_baseline, at_least=True),
    ]


def repeat_goal(new_ms: float, repeated_ms: float) -> Goal:
    note = f"{repeated_ms:.2f} ms against {new_ms:.1f} ms"
    return Goal("embedding phase, repeated text against new text", 0.1, repeated_ms / new_ms, note=note)


def memory_goal(early: Outcome, late: Outcome) -> Goal:
    counts = f"after {early.completed + late.completed:,} requests against after {early.completed:,}"
    found = late.tree_bytes / early.tree_bytes if late.tree_bytes and early.tree_bytes else None
    return Goal(f"resident memory {counts}", 1.05, found)


def overload_goals(normal: Outcome, overloaded: Outcome) -> list[Goal]:
    """Refused are those with 503; anything else that is no answer is an error; none accepted is none in time."""
    found = overloaded.p95_ms / normal.p95_ms if overloaded.p95_ms and normal.p95_ms else math.inf
    refused = overloaded.errors.get("503", 0)
    others = sum(overloaded.errors.values()) - refused
    note = f"{overloaded.completed} accepted, {refused} refused"
    return [
        Goal("p95 of the accepted at 4 times the sustainable load against normal", 1.5, found, note=note),
        Goal("errors other than refusals in that measurement", 0, others),
    ]


def _pair(measured: Sequence[Measured], in_flight: int, other: str) -> tuple[Measured | None, Measured | None]:
    """The service's figures and another variant's, at so many in flight."""
    found = {one.variant: one for one in measured if one.setting.in_flight == in_flight}
    return found.get(SERVICE), found.get(other)

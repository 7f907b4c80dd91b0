"""The tables that a run prints, and the JSON that it leaves."""

import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psutil
from rich.table import Table

from benchmarks.comparison import FIGURES, Measured
from benchmarks.processes import PROJECT
from benchmarks.stage import FLOOR
from benchmarks.visits import samples, transcript

_MIB = 1024 * 1024


def comparison_table(measured: Sequence[Measured]) -> Table:
    """One setting: a variant a row, medians over the rounds, and in brackets the ratio to the floor.

    `CPU ms` is what one request costs the main process, `of all` with its children, whose memory counts as well.
    """
    setting = measured[0].setting
    table = Table(title=f"{setting.label}, {setting.rounds} rounds of {setting.seconds:.0f} s", title_justify="left")
    names = ("requests/s", "p50 ms", "p95 ms", "CPU ms", "of all", "MiB", "done", "errors")
    for at, name in enumerate(("variant", *names)):
        table.add_column(name, justify="right" if at else "left")
    floor = next((one for one in measured if one.variant == FLOOR), None)
    for one in measured:
        table.add_row(one.variant, *_cells(one, floor), str(one.completed), str(one.errors))
    return table


def ratio(one: Measured, other: Measured, figure: str) -> float | None:
    """How many times `other`'s figure `one`'s is."""
    value, base = one.figure(figure), other.figure(figure)
    return value / base if value is not None and base else None


def written(measured: Sequence[Measured]) -> list[dict[str, Any]]:
    """As JSON takes it: the medians and each round."""
    return [
        {
            "setting": asdict(one.setting),
            "variant": one.variant,
            "medians": {name: one.figure(name) for name in FIGURES},
            "errors": one.errors,
            "rounds": [asdict(outcome) for outcome in one.outcomes],
        }
        for one in measured
    ]


def write_report(file: Path, **parts: Any) -> None:
    """The whole run, with the machine it came from, as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = {"at": datetime.now(UTC).isoformat(), "machine": machine(), "visits": visit_words(), **parts}
    file.write_bytes(orjson.dumps(whole, option=orjson.OPT_INDENT_2))


def machine() -> dict[str, Any]:
    """Where the figures come from, and how busy it was besides."""
    return {
        "commit": _commit(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / _MIB / 1024),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average": os.getloadavg(),
    }


def visit_words() -> dict[str, int]:
    """How long the posted visits are, in words."""
    return {sample.name: len(transcript(at, seed=1).split()) for at, sample in enumerate(samples())}


def _cells(one: Measured, floor: Measured | None) -> list[str]:
    other = floor if floor is not one else None
    cells = [_cell(one.figure(name), ratio(one, other, name) if other else None) for name in FIGURES[:5]]
    size = one.figure("tree_bytes")
    return [*cells, "–" if size is None else f"{size / _MIB:.0f}"]


def _cell(value: float | None, times: float | None) -> str:
    if value is None:
        return "–"
    return f"{_short(value)} ({times:.2f})" if times is not None else _short(value)


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _commit() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or "unknown"

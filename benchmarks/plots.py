"""The figures of a run as SVG."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.comparison import Measured

mpl.rcParams["svg.fonttype"] = "none"
_PANELS = {
    "throughput": "requests a second",
    "p95_ms": "p95, ms",
    "main_cpu_ms": "CPU per request, main process, ms",
}
Line = Sequence[tuple[float, float]]


def plot_comparison(measured: Sequence[Measured], file: Path) -> None:
    """Throughput, p95 and CPU per request over the requests in flight, a line for each variant."""
    figure = Figure(figsize=(12, 4), layout="constrained")
    for axes, (name, title) in zip(figure.subplots(1, len(_PANELS)), _PANELS.items(), strict=True):
        _draw(axes, title, "in flight", _lines(measured, name))
    figure.savefig(file, format="svg")


def plot_growth(panels: Mapping[str, Mapping[str, Line]], file: Path) -> None:
    """A panel for each title, in it a line of (rows, figure) for each name."""
    figure = Figure(figsize=(6 * len(panels), 4), layout="constrained")
    for axes, (title, lines) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True):
        _draw(axes, title, "rows", lines)
    figure.savefig(file, format="svg")


def _lines(measured: Sequence[Measured], name: str) -> dict[str, Line]:
    lines: dict[str, list[tuple[float, float]]] = {}
    for one in measured:
        value = one.figure(name)
        if value is not None:
            lines.setdefault(one.variant, []).append((one.setting.in_flight, value))
    return dict(lines)


def _draw(axes: Axes, title: str, over: str, lines: Mapping[str, Line]) -> None:
    for name, line in lines.items():
        axes.plot([x for x, _ in line], [y for _, y in line], marker="o", label=name)
    axes.set(title=title, xlabel=over, xscale="log", yscale="log")
    if lines:
        axes.legend()

"""Logs: one JSON object a line, or readable lines with a performance summary for a person at a console."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from rich.console import Console
from rich.table import Table

from app.settings import Settings
from app.timings import GROUPS

_BAR = 30


def configure_logging(settings: Settings) -> None:
    """Everything goes to standard error, also what libraries log; their messages above INFO only."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    console = settings.log_format == "console"
    renderer: Any = structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, _without_phases if console else _as_is, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("uvicorn.error").addFilter(_is_no_traceback)


def _is_no_traceback(record: logging.LogRecord) -> bool:
    """A failed start is told by the command in one line; the server's formatted traceback says it again in fifty."""
    return not record.getMessage().startswith("Traceback")


def performance_summary(timings: dict[str, Any]) -> Table:
    """The phases of one request as a table with a waterfall; the parts of a group are indented below it."""
    table = Table(title="Performance summary", title_justify="left")
    for heading, justify in (("phase", "left"), ("start ms", "right"), ("ms", "right"), ("", "left")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    children = {child for group in GROUPS.values() for child in group}
    scale = _BAR / max(timings["total_ms"], 0.001)
    for name, phase in timings["phases"].items():
        before, length = int(phase["start_ms"] * scale), max(1, round(phase["ms"] * scale))
        label = f"  {name}" if name in children else name
        table.add_row(label, f"{phase['start_ms']:.1f}", f"{phase['ms']:.1f}", " " * before + "━" * length)
    table.add_row("total", "", f"{timings['total_ms']:.1f}", "")
    return table


def print_performance_summary(timings: dict[str, Any]) -> None:
    Console(stderr=True).print(performance_summary(timings))


def _without_phases(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A person reads the phases in the summary."""
    event.pop("phases", None)
    return event


def _as_is(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return event

"""Logs: one JSON object a line, or readable lines with a performance summary for a person at a console."""

import json
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import orjson
import structlog
from rich.console import Console
from rich.table import Table

from app.settings import Settings
from app.timings import GROUPS

_BAR = 30
# What a line may say beside its event: codes, counts, times and ids. A field that is not named here is left out, so
# that nobody logs what was said in a visit by a slip.
FIELDS = frozenset(
    (
        *("timestamp", "level", "logger", "request_id", "extraction_id", "method", "route", "status", "state"),
        *("phase", "phases", "total_ms", "degraded", "what", "reason", "problem", "error", "frames", "sqlstate"),
        *("attempt", "delay_s", "model", "next", "target", "parameter", "size_bytes"),
        *("entries", "extractions", "runs", "rows", "vectors", "visits", "work", "job", "exit_code"),
    )
)


def configure_logging(settings: Settings) -> None:
    """Everything goes to standard error, also what libraries log; their messages above INFO only."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _allowed_only,
    ]
    console = settings.log_format == "console"
    renderer: Any = structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(_as_json)
    structlog.configure(
        processors=[*shared, _without_phases if console else _as_is, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level]),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FromLibrary(processor=renderer, foreign_pre_chain=[_add_source, *shared]))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("uvicorn.error").addFilter(_is_no_traceback)


def _as_json(event: dict[str, Any], **given: Any) -> str:
    """What orjson does not take, a lone surrogate in a path for example, is no reason to lose the line."""
    try:
        return orjson.dumps(event, **given).decode()
    except TypeError:
        return json.dumps(event, **given)


class _FromLibrary(structlog.stdlib.ProcessorFormatter):
    """What libraries log may repeat anything: kept are the first line as it stands in their code, and who said it."""

    def format(self, record: logging.LogRecord) -> str:
        first_line = str(record.msg).partition("\n")[0]
        raised = record.exc_info[0] if record.exc_info else None
        bare = {"msg": first_line, "args": None, "exc_info": None, "exc_text": None, "stack_info": None}
        error = raised.__name__ if raised else None
        return super().format(logging.makeLogRecord({**record.__dict__, **bare, "error": error}))


def _add_source(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    record = event["_record"]
    source = {"logger": record.name, "error": record.error}
    return {**event, **{name: value for name, value in source.items() if value}}


def _allowed_only(_logger: object, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: value for name, value in event.items() if name in FIELDS or name == "event" or name.startswith("_")}


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

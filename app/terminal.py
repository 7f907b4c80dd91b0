"""What all commands share: data on standard output, the rest on standard error, settings, a failure in one line."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, NoReturn

import orjson
import typer
from rich.console import Console

from app.logs import configure_logging
from app.settings import Settings

out, progress = Console(), Console(stderr=True)

AsJson = Annotated[bool, typer.Option("--json", help="What the API gives, as JSON.")]


def settings_for(log_level: str = "INFO") -> Settings:
    """Those of the environment; a command's own log level counts only where they name none."""
    try:
        settings = Settings()
    except UnicodeDecodeError:
        fail(".env is not UTF-8 text")
    if "log_level" not in settings.model_fields_set:
        settings = settings.model_copy(update={"log_level": log_level})
    configure_logging(settings)
    return settings


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def print_json(value: Any) -> None:
    # A column's name is a kind of str of SQLAlchemy's own.
    options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    typer.echo(orjson.dumps(value, default=str, option=options).decode())


def fail(message: str) -> NoReturn:
    progress.print(message, style="red", highlight=False, markup=False)
    raise SystemExit(1)

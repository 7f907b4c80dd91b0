"""The command line: data goes to standard output, everything else to standard error; exit 0 well, 1 failed, 2 usage."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import httpx
import orjson
import typer
from pydantic import ValidationError
from rich.console import Console

from app import __version__
from app.db.postgres_programs import EmbeddedServerFailed
from app.db.row_security import RoleMissing
from app.in_process import api_client
from app.logs import configure_logging
from app.main import SchemaBehind, create_app, migrate_database
from app.serving import StartFailed
from app.serving import serve as run_service
from app.settings import Settings

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
sops = typer.Typer(no_args_is_help=True, help="The clinic's standard operating procedures.")
cli.add_typer(sops, name="sops")
out, progress = Console(), Console(stderr=True)

Url = Annotated[str | None, typer.Option(help="A running service; without it the command runs its own.")]
Host = Annotated[str | None, typer.Option(help="Where to listen.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes a free one.")]
AsJson = Annotated[bool, typer.Option("--json", help="What the API gives, as JSON.")]


def main() -> None:
    """The entry point: failures that a user can mend are one line, not a traceback."""
    try:
        cli()
    except (ValidationError, SchemaBehind, RoleMissing, StartFailed, EmbeddedServerFailed) as error:
        _fail(_first_line(error))
    except httpx.HTTPStatusError as error:
        _fail(_detail(error.response))
    except (httpx.HTTPError, OSError) as error:
        _fail(f"{type(error).__name__}: {error}")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@cli.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True)] = False,
) -> None:
    """What stands before a command."""


@cli.command()
def serve(host: Host = None, port: Port = None) -> None:
    """Runs the service until it is told to stop, where SERVE_HOST and SERVE_PORT or the options say."""

    def announce(url: str) -> None:
        progress.print(f"medextract: {url}/docs  (metrics /metrics, timings /timings)", soft_wrap=True)

    settings = _settings()
    place = (host or settings.serve_host, settings.serve_port if port is None else port)
    run_service(create_app(settings), settings, *place, announce)


@cli.command()
def demo() -> None:
    """Starts the service, posts a sample visit to it over HTTP, and shows what comes back."""
    from app.demo import run_demo

    _run(run_demo(_settings("WARNING"), out, progress))


@cli.command()
def extract(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="txt, vtt, pdf or docx")],
    as_json: AsJson = False,
    url: Url = None,
    user: Annotated[str | None, typer.Option(help="The clinician's e-mail.")] = None,
    visit_date: Annotated[str | None, typer.Option(help="YYYY-MM-DD; due dates count from it.")] = None,
    sop: Annotated[list[str] | None, typer.Option(help="Id of an SOP; may be repeated.")] = None,
) -> None:
    """Extracts from one file."""
    options = {"user": {"email": user} if user else None, "visit_date": visit_date, "sop_ids": sop or []}
    form = {"options": orjson.dumps(options).decode()}
    upload = {"file": (file.name, file.read_bytes())}
    answer = _run(_call("POST", "/extract/file", url, files=upload, data=form))
    if as_json:
        _print_json(answer)
    else:
        from app.console import print_answer

        print_answer(answer, out)


@cli.command()
def evaluate(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines of labelled visits.")],
    gold: Annotated[list[Path] | None, typer.Option(exists=True, help="More of them, with hand-made lists.")] = None,
    report: Annotated[Path | None, typer.Option(help="Where to write the figures as JSON.")] = None,
    url: Url = None,
) -> None:
    """Scores the configured provider on labelled visits; they are stored like any other."""
    from app.jobs.evaluation.run import read_files, run_evaluation, write_report

    try:
        visits = read_files([file, *(gold or [])])
    except ValueError as error:
        _fail(f"not a file of labelled visits: {error}")
    scores = _run(run_evaluation(_settings("ERROR"), visits, url, progress))
    out.print(scores.tables())
    if report:
        write_report(scores, report)
    if scores.failures:
        _fail(f"{scores.failures.total()} visits were answered with a problem")


@cli.command()
def migrate() -> None:
    """Brings the database to the newest schema."""
    _run(migrate_database(_settings()))
    progress.print("The schema is up to date.")


@cli.command("offline-server")
def offline_server(host: str = "127.0.0.1", port: Annotated[int, typer.Option(min=0, max=65535)] = 8100) -> None:
    """Serves the offline provider to others, as an OpenAI-compatible API."""
    from app.llm.offline.server import create_offline_server

    def announce(url: str) -> None:
        settings = f"OPENAI_BASE_URL={url}/v1 LLM_MODEL=rules-1 EMBEDDING_MODEL=wordllama-256"
        progress.print(settings, soft_wrap=True)

    run_service(create_offline_server(), _settings(), host, port, announce)


@sops.command("list")
def list_sops(as_json: AsJson = False, url: Url = None) -> None:
    """All SOPs, newest first."""
    page = _run(_call("GET", "/sops", url, params={"limit": 100}))
    if as_json:
        _print_json(page)
        return
    for item in page["items"]:
        out.print(f"{item['id']}  {'on ' if item['is_active'] else 'off'}  {item['title']}", highlight=False)


@sops.command("add")
def add_sop(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], url: Url = None) -> None:
    """Adds the SOP of a JSON file (fields as in POST /sops)."""
    headers = {"Content-Type": "application/json"}
    _print_json(_run(_call("POST", "/sops", url, content=file.read_bytes(), headers=headers)))


@sops.command("show")
def show_sop(sop_id: str, url: Url = None) -> None:
    """One SOP, as JSON."""
    _print_json(_run(_call("GET", f"/sops/{sop_id}", url)))


@sops.command("switch")
def switch_sop(sop_id: str, on: Annotated[bool, typer.Option("--on/--off")] = True, url: Url = None) -> None:
    """Switches an SOP on or off."""
    _print_json(_run(_call("PATCH", f"/sops/{sop_id}", url, json={"is_active": on})))


@sops.command("remove")
def remove_sop(sop_id: str, url: Url = None) -> None:
    """Deletes an SOP."""
    _run(_call("DELETE", f"/sops/{sop_id}", url))


async def _call(method: str, path: str, url: str | None, **body: Any) -> Any:
    async with api_client(_settings("WARNING"), url) as client:
        with progress.status("Working…"):
            response = await client.request(method, path, **body)
        response.raise_for_status()
        return response.json() if response.content else None


def _settings(log_level: str = "INFO") -> Settings:
    """Those of the environment; a command's own log level counts only where they name none."""
    try:
        settings = Settings()
    except UnicodeDecodeError:
        _fail(".env is not UTF-8 text")
    if "log_level" not in settings.model_fields_set:
        settings = settings.model_copy(update={"log_level": log_level})
    configure_logging(settings)
    return settings


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def _print_json(value: Any) -> None:
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def _detail(response: httpx.Response) -> str:
    try:
        problem = response.json()
        fields = ", ".join(f"{error['pointer']}: {error['code']}" for error in problem.get("errors", []))
        return f"{problem['title']}: {problem['detail']}" + (f" ({fields})" if fields else "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"the service answered {response.status_code}"


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False)[0]
        return f"{'.'.join(map(str, first['loc'])).upper() or 'settings'}: {first['msg']}"
    return str(error)


def _fail(message: str) -> NoReturn:
    progress.print(message, style="red", highlight=False, markup=False)
    raise SystemExit(1)


if __name__ == "__main__":
    main()

"""The command line: data goes to standard output, everything else to standard error; exit 0 well, 1 failed, 2 usage."""

from pathlib import Path
from typing import Annotated, Any

import httpx
import orjson
import typer
from pydantic import ValidationError

from app import __version__, access_commands, erasure_commands
from app.db.postgres_programs import EmbeddedServerFailed
from app.db.row_security import RoleMissing
from app.in_process import api_client
from app.key_work import OrganizationUnknown, PepperMissing
from app.main import SchemaBehind, create_app, migrate_database
from app.serving import StartFailed, refuse_open_door
from app.serving import serve as run_service
from app.terminal import AsJson, fail, out, print_json, progress, run, settings_for
from app.workers import serve_together

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
sops = typer.Typer(no_args_is_help=True, help="The clinic's standard operating procedures.")
cli.add_typer(sops, name="sops")
for name, commands in access_commands.GROUPS.items():
    cli.add_typer(commands, name=name)
cli.command()(erasure_commands.erase)

Url = Annotated[str | None, typer.Option(help="A running service; without it the command runs its own.")]
Key = Annotated[str | None, typer.Option(envvar="MEDEXTRACT_KEY", help="The API key to show to that service.")]
Host = Annotated[str | None, typer.Option(help="Where to listen.")]
Workers = Annotated[int | None, typer.Option(min=1, max=256, help="Processes behind the one address.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="0 takes a free one.")]


_MENDABLE = (SchemaBehind, RoleMissing, PepperMissing, OrganizationUnknown, StartFailed, EmbeddedServerFailed)


def main() -> None:
    """The entry point: failures that a user can mend are one line, not a traceback."""
    try:
        cli()
    except (ValidationError, *_MENDABLE) as error:
        fail(_first_line(error))
    except httpx.HTTPStatusError as error:
        fail(_detail(error.response))
    except (httpx.HTTPError, OSError) as error:
        fail(f"{type(error).__name__}: {error}")


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
def serve(host: Host = None, port: Port = None, workers: Workers = None) -> None:
    """Runs the service until it is told to stop, where SERVE_HOST and SERVE_PORT or the options say."""

    def announce(url: str) -> None:
        progress.print(f"medextract: {url}/docs  (metrics /metrics, timings /timings)", soft_wrap=True)

    settings = settings_for()
    settings = settings.model_copy(update={"serve_workers": workers or settings.serve_workers})
    place = (host or settings.serve_host, settings.serve_port if port is None else port)
    refuse_open_door(settings, place[0])
    if settings.serve_workers > 1:
        serve_together(settings, *place, announce)
    else:
        run_service(create_app(settings), settings, *place, announce)


@cli.command()
def demo() -> None:
    """Starts the service, posts a sample visit to it over HTTP, and shows what comes back."""
    from app.demo import run_demo

    run(run_demo(settings_for("WARNING"), out, progress))


@cli.command()
def extract(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="txt, vtt, pdf or docx")],
    as_json: AsJson = False,
    url: Url = None,
    key: Key = None,
    user: Annotated[str | None, typer.Option(help="The clinician's e-mail.")] = None,
    visit_date: Annotated[str | None, typer.Option(help="YYYY-MM-DD; due dates count from it.")] = None,
    sop: Annotated[list[str] | None, typer.Option(help="Id of an SOP; may be repeated.")] = None,
) -> None:
    """Extracts from one file."""
    options = {"user": {"email": user} if user else None, "visit_date": visit_date, "sop_ids": sop or []}
    form = {"options": orjson.dumps(options).decode()}
    upload = {"file": (file.name, file.read_bytes())}
    answer = run(_call("POST", "/extract/file", url, key, files=upload, data=form))
    if as_json:
        print_json(answer)
    else:
        from app.console import print_answer

        print_answer(answer, out)


@cli.command()
def evaluate(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines of labelled visits.")],
    gold: Annotated[list[Path] | None, typer.Option(exists=True, help="More of them, with hand-made lists.")] = None,
    report: Annotated[Path | None, typer.Option(help="Where to write the figures as JSON.")] = None,
    url: Url = None,
    key: Key = None,
) -> None:
    """Scores the configured provider on labelled visits; they are stored like any other."""
    from app.jobs.evaluation.run import read_files, run_evaluation, write_report

    try:
        visits = read_files([file, *(gold or [])])
    except ValueError as error:
        fail(f"not a file of labelled visits: {error}")
    scores = run(run_evaluation(settings_for("ERROR"), visits, url, key, progress))
    out.print(scores.tables())
    if report:
        write_report(scores, report)
    if scores.failures:
        fail(f"{scores.failures.total()} visits were answered with a problem")


@cli.command()
def migrate() -> None:
    """Brings the database to the newest schema."""
    run(migrate_database(settings_for()))
    progress.print("The schema is up to date.")


@cli.command("offline-server")
def offline_server(host: str = "127.0.0.1", port: Annotated[int, typer.Option(min=0, max=65535)] = 8100) -> None:
    """Serves the offline provider to others, as an OpenAI-compatible API."""
    from app.llm.offline.server import create_offline_server

    def announce(url: str) -> None:
        settings = f"OPENAI_BASE_URL={url}/v1 LLM_MODEL=rules-1 EMBEDDING_MODEL=wordllama-256"
        progress.print(settings, soft_wrap=True)

    run_service(create_offline_server(), settings_for(), host, port, announce)


@sops.command("list")
def list_sops(as_json: AsJson = False, url: Url = None, key: Key = None) -> None:
    """All SOPs, newest first."""
    page = run(_call("GET", "/sops", url, key, params={"limit": 100}))
    if as_json:
        print_json(page)
        return
    for item in page["items"]:
        out.print(f"{item['id']}  {'on ' if item['is_active'] else 'off'}  {item['title']}", highlight=False)


@sops.command("add")
def add_sop(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)], url: Url = None, key: Key = None
) -> None:
    """Adds the SOP of a JSON file (fields as in POST /sops)."""
    headers = {"Content-Type": "application/json"}
    print_json(run(_call("POST", "/sops", url, key, content=file.read_bytes(), headers=headers)))


@sops.command("show")
def show_sop(sop_id: str, url: Url = None, key: Key = None) -> None:
    """One SOP, as JSON."""
    print_json(run(_call("GET", f"/sops/{sop_id}", url, key)))


@sops.command("switch")
def switch_sop(
    sop_id: str, on: Annotated[bool, typer.Option("--on/--off")] = True, url: Url = None, key: Key = None
) -> None:
    """Switches an SOP on or off."""
    print_json(run(_call("PATCH", f"/sops/{sop_id}", url, key, json={"is_active": on})))


@sops.command("remove")
def remove_sop(sop_id: str, url: Url = None, key: Key = None) -> None:
    """Deletes an SOP."""
    run(_call("DELETE", f"/sops/{sop_id}", url, key))


async def _call(method: str, path: str, url: str | None, key: str | None, **body: Any) -> Any:
    async with api_client(settings_for("WARNING"), url, key) as client:
        with progress.status("Working…"):
            response = await client.request(method, path, **body)
        response.raise_for_status()
        return response.json() if response.content else None


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


if __name__ == "__main__":
    main()

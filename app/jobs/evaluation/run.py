"""`medextract evaluate`: labelled files in, tables and a JSON report out."""

from pathlib import Path

import orjson
from rich.console import Console
from rich.progress import Progress

from app.in_process import api_client
from app.jobs.evaluation.labelled import LabelledVisit, read_labelled
from app.jobs.evaluation.service_run import ServiceReport, evaluate_service
from app.settings import Settings


def read_files(files: list[Path]) -> list[LabelledVisit]:
    """The visits of all files; raises OSError, or ValueError for a file that holds anything but visits."""
    return [visit for file in files for visit in read_labelled(file)]


async def run_evaluation(
    settings: Settings, visits: list[LabelledVisit], url: str | None, key: str | None, progress: Console
) -> ServiceReport:
    """Scores the provider of the settings, or of the service at `url`; raises httpx.HTTPError for a lost service."""
    with Progress(console=progress, transient=True) as bar:
        task = bar.add_task("visits", total=len(visits))
        async with api_client(settings, url, key) as client:
            return await evaluate_service(client, visits, lambda: bar.advance(task))


def write_report(report: ServiceReport, file: Path) -> None:
    """Writes the figures as JSON, without a word of any visit; raises OSError."""
    file.write_bytes(orjson.dumps(report.as_dict(), option=orjson.OPT_INDENT_2))

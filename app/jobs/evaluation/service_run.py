"""Posts labelled visits to a service, any provider behind it, and scores what comes back."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from rich.console import Group
from rich.table import Table

from app.jobs.evaluation.labelled import Answer, LabelledVisit
from app.jobs.evaluation.quality import Quality
from app.jobs.evaluation.report import Report
from app.jobs.evaluation.trials import run_trials, trials_table

_AT_ONCE = 4


@dataclass(slots=True)
class ServiceReport:
    """Scores of the visits that were answered; `failures` counts the others by problem type."""

    models: Counter[str] = field(default_factory=Counter)
    scores: Report = field(default_factory=Report)
    quality: Quality = field(default_factory=Quality)
    failures: Counter[str] = field(default_factory=Counter)
    trials: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Everything that the tables show, and the numbers behind it."""
        return {
            "models": dict(self.models),
            "failures": dict(self.failures),
            **self.scores.as_dict(),
            "quality": self.quality.as_dict(),
            "trials": self.trials,
        }

    def tables(self) -> Group:
        """The figures for a person to read."""
        model = Table("model", "answered", "failed")
        model.add_row(", ".join(self.models) or "none", str(self.models.total()), str(self.failures.total()))
        trials = [trials_table(self.trials)] if self.trials else []
        return Group(model, self.scores.tables(), self.quality.table(), *trials)


async def evaluate_service(
    client: httpx.AsyncClient, visits: Sequence[LabelledVisit], on_visit: Callable[[], None] = lambda: None
) -> ServiceReport:
    """Posts the visits, four at a time, and scores the answers in the order of the visits.

    A visit that the service answers with a problem is counted as a failure and not scored; a connection that breaks
    raises `httpx.HTTPError`. `on_visit` is called as each visit is done.
    """
    free = asyncio.Semaphore(_AT_ONCE)

    async def post(visit: LabelledVisit) -> httpx.Response:
        async with free:
            response = await client.post("/extract", json={"transcript": visit.transcript})
        on_visit()
        return response

    responses = await asyncio.gather(*(post(visit) for visit in visits))
    report = ServiceReport(trials=await asyncio.to_thread(run_trials, visits))
    for visit, response in zip(visits, responses, strict=True):
        await asyncio.to_thread(_score, report, visit, response)
    return report


def _score(report: ServiceReport, visit: LabelledVisit, response: httpx.Response) -> None:
    if response.status_code != httpx.codes.CREATED:
        report.failures[_problem(response)] += 1
        return
    body = response.json()
    answer: Answer = body["extraction"]
    report.models[f"{body['model']['provider']} {body['model']['name']}"] += 1
    report.scores.add(visit, answer)
    report.quality.add(visit, answer)


def _problem(response: httpx.Response) -> str:
    try:
        return str(response.json()["type"])
    except (ValueError, KeyError, TypeError):
        return f"status {response.status_code}"

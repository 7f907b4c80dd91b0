"""A service is scored on labelled files over HTTP, failures are counted, and the report holds no word of a visit."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from app import samples
from app.jobs.evaluation.labelled import LabelledVisit
from app.jobs.evaluation.run import read_files, write_report
from app.jobs.evaluation.service_run import evaluate_service
from tests.conftest import Service


@pytest.fixture
def visits(tmp_path: Path) -> list[LabelledVisit]:
    rows: list[dict[str, Any]] = []
    for name in samples.labelled_visit_names():
        text = samples.visit_text(name)
        start = text.index("\n") // 2
        order = {"order_type": "medication", "description": "naproxen", "reason": None, "provenance": [1]}
        labels = {"turn_spans": [[1, start, start + 400]], "orders": [order], "proxy_gold": {"medications": ["Aleve"]}}
        rows.append({"id": name, "transcript": text, **labels, **samples.visit_labels(name)})
    file = tmp_path / "labelled.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    return read_files([file])


async def test_a_service_is_scored(offline: Service, visits: list[LabelledVisit], tmp_path: Path) -> None:
    done: list[int] = []
    report = await evaluate_service(offline.client, visits, lambda: done.append(1))
    assert len(done) == len(visits) == 3
    figures = report.as_dict()
    assert figures["models"] == {"offline rules-1": 3}
    assert figures["quality"]["exact_quote_rate"] == 1
    assert figures["lists"]["micro"]["f1"] >= 0.65
    assert figures["lists"]["medication_instructions"]["recall"] >= 0.8
    write_report(report, tmp_path / "report.json")
    written = (tmp_path / "report.json").read_text()
    assert json.loads(written)["visits"] == 3
    assert "naproxen" not in written.lower()


async def test_a_refused_visit_is_counted_and_not_scored(offline: Service) -> None:
    silent = LabelledVisit("silent", " ", {}, None, {}, {}, None)
    report = await evaluate_service(offline.client, [silent])
    assert report.failures == {"urn:medextract:problem:transcript-empty": 1}
    assert report.as_dict()["visits"] == 0


async def test_the_tables_name_the_model(offline: Service, visits: list[LabelledVisit]) -> None:
    report = await evaluate_service(offline.client, visits[:1])
    page = StringIO()
    Console(file=page, width=120).print(report.tables())
    assert "rules-1" in page.getvalue()
    assert "expected calibration error" in page.getvalue()

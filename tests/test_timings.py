"""The phases of a request: one vocabulary in every output, true for that request, and never another's."""

import asyncio
import io
import itertools
import re
import time
import uuid
from contextlib import redirect_stderr
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from app.logs import configure_logging
from app.timings import GROUPS, PHASES
from tests.conftest import (
    VISIT,
    Logged,
    OpenService,
    Service,
    new_user,
    running_service,
    scripted_settings,
    settings_for,
)
from tests.scripted_provider import Reply, ScriptedProvider, answer, failure


def server_timing(header: str) -> dict[str, float]:
    """Durations by name (W3C Server Timing)."""
    entries = [entry.split(";dur=") for entry in header.split(", ")]
    return {name: float(duration) for name, duration in entries}


async def scraped(service: Service, metric: str) -> dict[str, float]:
    """The samples of one metric by their labels."""
    told = (await service.client.get("/metrics")).text
    found = re.findall(rf"^{metric}(\{{.*?\}})? (\S+)$", told, re.MULTILINE)
    return {labels: float(value) for labels, value in found}


async def test_all_phases_are_in_all_four_outputs(open_service: OpenService, logged: Logged) -> None:
    service = await open_service(ScriptedProvider())
    body = {"transcript": VISIT, "user": new_user()}
    response = await service.client.post("/extract", json=body, headers={"X-Request-ID": "timed-1"})
    told = response.json()["timings"]["phases"]
    assert set(told) == set(PHASES)
    header = server_timing(response.headers["server-timing"])
    assert set(header) == {*PHASES, "total"}
    assert all(abs(header[name] - told[name]["ms"]) < 0.002 for name in PHASES)
    line = next(line for line in logged() if line["event"] == "request")
    assert (line["request_id"], line["status"], line["route"]) == ("timed-1", 201, "/extract")
    assert line["extraction_id"] == response.json()["id"]
    assert line["phases"] == told
    counts = await scraped(service, "medextract_phase_seconds_count")
    sums = await scraped(service, "medextract_phase_seconds_sum")
    assert counts == {f'{{phase="{name}"}}': 1.0 for name in PHASES}
    assert all(abs(sums[f'{{phase="{name}"}}'] * 1000 - told[name]["ms"]) < 0.002 for name in PHASES)


async def test_a_log_line_holds_nothing_of_what_was_said(open_service: OpenService, logged: Logged) -> None:
    service = await open_service(ScriptedProvider(failure(500, retry_after="0"), answer()))
    await service.extract(
        "Doctor: xylophone-7391 twice.", notes="xylophone-7391", user={"email": "xylophone@a.example"}
    )
    assert len(logged()) >= 2
    assert "xylophone" not in str(logged())
    assert "xylophone" not in (await service.client.get("/metrics")).text


async def test_phases_follow_the_story(scripted: Service) -> None:
    timings = (await scripted.extract())["timings"]
    phases = timings["phases"]
    assert [name for name in phases if name in ("context", "open_run", "llm_extraction", "save")] == [
        "context",
        "open_run",
        "llm_extraction",
        "save",
    ]

    def end(name: str) -> float:
        return float(phases[name]["start_ms"] + phases[name]["ms"])

    assert all(phases[name]["start_ms"] >= 0 and end(name) <= timings["total_ms"] + 0.01 for name in phases)
    for group, members in GROUPS.items():
        assert all(phases[group]["start_ms"] <= phases[name]["start_ms"] + 0.002 for name in members)
        assert all(end(name) <= end(group) + 0.002 for name in members)
    story = ["context", "open_run", "llm_extraction", "evaluation", "save"]
    assert all(end(one) <= phases[two]["start_ms"] + 0.002 for one, two in itertools.pairwise(story))
    assert max(end("test_case_search"), end("visit_search")) <= phases["context_selection"]["start_ms"] + 0.002
    assert end("transcript_embedding") <= phases["test_case_search"]["start_ms"] + 0.002


async def test_a_failed_request_keeps_the_timings_of_what_it_did(open_service: OpenService, logged: Logged) -> None:
    service = await open_service(ScriptedProvider(failure(401)))
    response = await service.client.post("/extract", json={"transcript": VISIT, "user": new_user()})
    run = await service.last_run()
    done = {"context", *GROUPS["context"], "open_run", "llm_extraction"}
    assert set(run["timings"]["phases"]) == done
    assert set(server_timing(response.headers["server-timing"])) == {*done, "total"}
    line = next(line for line in logged() if line["event"] == "request")
    assert (line["level"], line["problem"], line["phase"]) == ("error", "provider-misconfigured", "llm_extraction")
    assert set(line["phases"]) == done


async def test_metrics_count_requests_tokens_and_what_was_missing(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(embeddings=[failure(401), None]))
    await service.extract()
    await service.client.get(f"/{uuid.uuid4()}")
    requests = await scraped(service, "medextract_requests_total")
    assert requests == {'{route="/extract",status="201"}': 1.0, '{route="unknown",status="404"}': 1.0}
    assert await scraped(service, "medextract_degraded_total") == {'{what="similarity"}': 1.0}
    tokens = await scraped(service, "medextract_tokens_total")
    assert tokens == {'{kind="prompt"}': 11.0, '{kind="completion"}': 7.0, '{kind="embedding"}': 5.0}


async def test_the_report_has_percentiles_of_the_stored_runs(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider())
    await asyncio.sleep(1.1)  # the window has whole seconds, and only these runs shall be in it
    began = time.monotonic()
    runs = [(await service.extract())["timings"] for _ in range(3)]
    window = max(1, int(time.monotonic() - began) + 1)
    report = await service.get("/timings", window_s=window)
    assert report["window_s"] == window
    assert [row["phase"] for row in report["phases"]] == [*PHASES, "total"]
    for row in report["phases"]:
        took = sorted(run["total_ms"] if row["phase"] == "total" else run["phases"][row["phase"]]["ms"] for run in runs)
        assert row["runs"] == 3
        assert (row["p50_ms"], row["max_ms"]) == (took[1], took[2])
        assert abs(row["p95_ms"] - (took[1] + 0.9 * (took[2] - took[1]))) < 1e-6


async def test_a_senseless_window_is_refused(scripted: Service) -> None:
    for window in ("0", "-1", "x", str(10**12)):
        assert (await scripted.client.get("/timings", params={"window_s": window})).status_code == 422


async def test_a_person_gets_a_performance_summary(database_url: URL) -> None:
    console = scripted_settings(database_url, log_format="console")
    shown = io.StringIO()
    with redirect_stderr(shown):
        configure_logging(settings_for(database_url, log_format="console"))
        async with running_service(console, ScriptedProvider()) as service:
            await service.extract()
    summary = shown.getvalue()
    assert "Performance summary" in summary
    assert all(re.search(rf"^\W*{name} ", summary, re.MULTILINE) for name in (*PHASES, "total"))


def delayed(body: dict[str, Any]) -> Reply:
    """Takes as long as the transcript says."""
    prompt = body["messages"][-1]["content"]
    return answer(delay_s=int(re.search(r"wait (\d+) ms", prompt)[1]) / 1000)  # type: ignore[index]


@given(delays=st.lists(st.sampled_from([0, 15, 40, 90, 160]), min_size=2, max_size=8))
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
async def test_timings_of_one_request_never_hold_anothers(database_url: URL, delays: list[int]) -> None:
    """Each of many concurrent requests tells its own delay, and no more time than its own client waited."""
    async with running_service(scripted_settings(database_url), ScriptedProvider(delayed)) as service:

        async def timed(delay: int) -> tuple[dict[str, Any], dict[str, float], float]:
            began = time.perf_counter()
            body = {"transcript": f"Doctor: Please wait {delay} ms.", "user": new_user()}
            response = await service.client.post("/extract", json=body)
            waited = (time.perf_counter() - began) * 1000
            return response.json(), server_timing(response.headers["server-timing"]), waited

        answers = await asyncio.gather(*map(timed, delays))
        await service.parts.timings_log.flush()
        stored = [await service.get(f"/extractions/{told['id']}") for told, _, _ in answers]
    for delay, (told, header, waited), run in zip(delays, answers, stored, strict=True):
        timings = told["timings"]
        model = timings["phases"]["llm_extraction"]["ms"]
        assert run["timings"] == timings
        assert set(timings["phases"]) == set(PHASES)
        assert delay <= model <= timings["total_ms"] <= waited
        assert abs(header["llm_extraction"] - model) < 0.002
        rest = sum(timings["phases"][name]["ms"] for name in ("context", "open_run", "evaluation", "save"))
        assert model + rest <= waited


async def test_whoever_asks_for_timings_waits_for_those_that_are_being_written(
    open_service: OpenService, connection: AsyncConnection
) -> None:
    service = await open_service(ScriptedProvider())
    run_id, timings_log = (await service.extract())["id"], service.parts.timings_log
    await timings_log.flush()
    await connection.execute(text("BEGIN"))
    await connection.execute(text("SELECT FROM extractions WHERE id = :id FOR UPDATE"), {"id": run_id})
    timings_log.add(uuid.UUID(run_id), {"total_ms": 1.5, "phases": {}})
    writing, asking = asyncio.create_task(timings_log.flush()), asyncio.create_task(timings_log.flush())
    done, _ = await asyncio.wait({writing, asking}, timeout=0.2)
    assert not done
    await connection.execute(text("COMMIT"))
    await asyncio.gather(writing, asking)
    assert (await service.get(f"/extractions/{run_id}"))["timings"]["total_ms"] == 1.5

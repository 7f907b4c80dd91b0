"""The commands through their entry point: data on standard output, the rest on standard error, and exit codes."""

import asyncio
import re
import signal
from pathlib import Path

import httpx
import orjson
import pytest
from sqlalchemy.engine import URL

from app import samples
from app.serving import running
from tests.commands import Run, commands, free_port, launched, started
from tests.conftest import VISIT, fresh_database, new_user, serving, settings_for
from tests.scripted_provider import ScriptedProvider, answer
from tests.test_files import UNREADABLE, a_docx


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, database_url: URL) -> Run:
    return commands(monkeypatch, capsys, tmp_path, database_url)


@pytest.fixture
def visit(tmp_path: Path) -> str:
    file = tmp_path / "visit.txt"
    file.write_text(VISIT)
    return str(file)


def test_extract_prints_what_the_api_gives(run: Run, visit: str) -> None:
    told = run("extract", visit, "--json", "--visit-date", "2026-11-20", "--user", new_user()["email"]).data
    item = told["extraction"]["medication_instructions"][0]
    assert item["medication_name"] == "ibuprofen"
    assert VISIT[item["evidence"][0]["start"] : item["evidence"][0]["end"]] == item["evidence"][0]["quote"]
    assert {"id", "evaluation", "review", "timings", "degraded"} <= set(told)


def test_extract_prints_for_a_person(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "visit.docx"
    file.write_bytes(a_docx(*samples.demo_visit().splitlines()))
    ended = run("extract", str(file))
    assert ended.code == 0
    for heading in ("Summary", "Medication instructions", "Evaluation", "Performance summary"):
        assert heading in ended.out
    assert re.search(r"“[^”]*lisinopril[^”]*” \(Doctor, turn \d+\)", " ".join(ended.out.split()))


@pytest.mark.parametrize(
    "words",
    [["extract"], ["extract", "missing"], ["extract", "."], ["frob"], ["serve", "--port", "x"], []],
    ids=str,
)
def test_wrong_usage_is_a_two(run: Run, words: list[str]) -> None:
    ended = run(*words)
    assert ended.code == 2
    assert "Usage" in ended.out + ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("name", ["garbage_pdf", "zip_that_is_no_docx", "latin1"])
def test_an_unreadable_file_is_one_line(run: Run, tmp_path: Path, name: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(UNREADABLE[name])
    assert "Unreadable document" in run("extract", str(file)).failed_clearly()


def test_the_place_of_a_wrong_option_is_told(run: Run, visit: str) -> None:
    assert "options/sop_ids/0" in run("extract", visit, "--sop", "7").failed_clearly()
    assert "visit_date" in run("extract", visit, "--visit-date", "tomorrow").failed_clearly()
    unknown = "019a0000-0000-7000-8000-000000000000"
    assert "SOP not found" in run("extract", visit, "--sop", unknown).failed_clearly()


def test_wrong_settings_are_one_line_that_names_them(run: Run, visit: str) -> None:
    assert "MAX_SOPS" in run("extract", visit, MAX_SOPS="many").failed_clearly()


def test_a_database_that_is_not_there_is_one_line(run: Run, visit: str) -> None:
    said = run("extract", visit, DATABASE_URL="postgresql://me:xylophone@127.0.0.1:1/none").failed_clearly()
    assert "xylophone" not in said
    assert len(said.splitlines()) <= 2


def test_a_service_that_is_not_there_is_one_line(run: Run, visit: str) -> None:
    assert "Connect" in run("extract", visit, "--url", "http://127.0.0.1:1").failed_clearly()


async def test_a_running_service_is_asked(run: Run, visit: str, database_url: URL) -> None:
    async with running(settings_for(database_url)) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        told = (await asyncio.to_thread(run, "extract", visit, "--json", "--url", url)).data
        assert (await client.get(f"/extractions/{told['id']}")).status_code == 200
        requests = (await client.get("/metrics")).text
        assert 'medextract_requests_total{route="/extract/file",status="201"} 1.0' in requests


async def test_migrate(run: Run, visit: str, server_url: URL) -> None:
    async with fresh_database(server_url, migrated=False) as url:
        there = url.render_as_string(hide_password=False)
        behind = await asyncio.to_thread(run, "extract", visit, DATABASE_URL=there)
        assert "medextract migrate" in behind.failed_clearly()
        for _ in range(2):
            migrated = await asyncio.to_thread(run, "migrate")
            assert (migrated.code, migrated.out) == (0, "")
        assert (await asyncio.to_thread(run, "extract", visit, "--json")).code == 0


def test_sops_are_kept(run: Run, tmp_path: Path, visit: str) -> None:
    file = tmp_path / "sop.json"
    user = new_user()
    file.write_bytes(orjson.dumps({**samples.sops()[0], "user": user}))
    added = run("sops", "add", str(file)).data
    assert run("sops", "show", added["id"]).data == added
    assert added["id"] in run("sops", "list").out
    assert added["id"] in [sop["id"] for sop in run("sops", "list", "--json").data["items"]]
    told = run("extract", visit, "--json", "--user", user["email"], "--sop", added["id"]).data
    assert [sop["id"] for sop in told["context"]["sops"]] == [added["id"]]
    assert run("sops", "switch", added["id"], "--off").data["is_active"] is False
    assert "SOP not found" in run("extract", visit, "--user", user["email"], "--sop", added["id"]).failed_clearly()
    assert run("sops", "switch", added["id"], "--on").data["is_active"] is True
    removed = run("sops", "remove", added["id"])
    assert (removed.code, removed.out) == (0, "")
    assert "Not found" in run("sops", "show", added["id"]).failed_clearly()


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b'{"title": "x"}'], ids=["cut", "list", "binary", "half"])
def test_a_sop_file_that_is_none(run: Run, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "sop.json"
    file.write_bytes(content)
    run("sops", "add", str(file)).failed_clearly()


async def test_serve_answers_what_is_in_flight_before_it_ends(database_url: URL, tmp_path: Path) -> None:
    port = free_port()
    async with serving(ScriptedProvider(answer(delay_s=1.0))) as provider, httpx.AsyncClient(trust_env=False) as client:
        environment = {
            "DATABASE_URL": database_url.render_as_string(hide_password=False),
            "LLM_PROVIDER": "openai",
            "OPENAI_BASE_URL": f"{provider}/v1",
        }
        words = ("serve", "--port", str(port))
        base = f"http://127.0.0.1:{port}"
        async with started(*words, ready=f"{base}/readyz", folder=tmp_path, **environment) as process:
            posting = asyncio.create_task(
                client.post(f"{base}/extract", json={"transcript": VISIT, "user": new_user()}, timeout=30)
            )
            await asyncio.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            assert (await posting).status_code == 201
            out, err = await asyncio.wait_for(process.communicate(), 10)
    assert (process.returncode, out) in ((0, b""), (-signal.SIGTERM, b""))
    lines = [orjson.loads(line) for line in err.decode().splitlines() if line.startswith("{")]
    assert [line["status"] for line in lines if line.get("route") == "/extract"] == [201]


async def test_the_offline_server_runs_on_a_port(tmp_path: Path) -> None:
    port = free_port()
    models = f"http://127.0.0.1:{port}/v1/models"
    async with started("offline-server", "--port", str(port), ready=models, folder=tmp_path) as process:
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(process.communicate(), 10)
    assert out == b""
    assert f"OPENAI_BASE_URL=http://127.0.0.1:{port}/v1" in err.decode()


async def test_the_demo_shows_a_visit_even_behind_a_proxy(database_url: URL, tmp_path: Path) -> None:
    """A proxy of the machine is not for the loopback address."""
    there = database_url.render_as_string(hide_password=False)
    proxy = {"HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": ""}
    process = await launched("demo", folder=tmp_path, DATABASE_URL=there, **proxy)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    shown = out.decode()
    assert all(heading in shown for heading in ("Medication instructions", "Evaluation", "Performance summary"))
    assert "answered 201" in err.decode()

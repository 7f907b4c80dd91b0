"""What goes wrong at the start is one line and exit 1, wrong usage exit 2; the place to listen can be chosen."""

import asyncio
import signal
import socket
from pathlib import Path

import orjson
import pytest
from sqlalchemy.engine import URL

from app import __version__
from app.serving import StartFailed, running
from tests.commands import Run, commands, free_port, launched, started
from tests.conftest import PROJECT, VISIT, settings_for


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, database_url: URL) -> Run:
    return commands(monkeypatch, capsys, tmp_path, database_url)


def test_the_version(run: Run) -> None:
    ended = run("--version")
    assert (ended.code, ended.out) == (0, f"{__version__}\n")


@pytest.mark.parametrize("command", ["serve", "offline-server"])
@pytest.mark.parametrize("port", ["99999", "-1", "http"])
def test_a_port_that_is_none_is_wrong_usage(run: Run, command: str, port: str) -> None:
    ended = run(command, "--port", port)
    assert ended.code == 2
    assert "--port" in ended.err


@pytest.mark.parametrize("command", ["serve", "offline-server"])
def test_a_port_in_use_is_told(run: Run, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = run(command, "--port", str(port)).failed_clearly()
    assert "in use" in said
    assert str(port) in said
    assert "http://" not in said


@pytest.mark.parametrize("host", ["no.such.host.invalid", "a..b", "203.0.113.1"])
def test_a_host_that_is_not_ours_is_told(run: Run, host: str) -> None:
    assert host in run("serve", "--host", host, "--port", "0").failed_clearly()


async def test_a_start_that_fails_at_the_port_is_told(database_url: URL) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(StartFailed, match="in use"):
        async with running(settings_for(database_url), port=taken.getsockname()[1]):
            pass


async def test_two_that_want_one_port_at_once(database_url: URL) -> None:
    """The port is free for both while they start."""
    port, entered = free_port(), 0

    async def one() -> None:
        nonlocal entered
        async with running(settings_for(database_url), port=port):
            entered += 1
            await asyncio.sleep(1)

    ended = await asyncio.gather(one(), one(), return_exceptions=True)
    assert entered == 1
    assert sorted(str(type(error).__name__) for error in ended) == ["NoneType", "StartFailed"]
    assert "in use" in str(ended)


@pytest.mark.parametrize("by_flag", [True, False])
async def test_where_it_listens_is_chosen_and_told(database_url: URL, tmp_path: Path, by_flag: bool) -> None:
    port, other = free_port(), free_port()
    environment = {
        "DATABASE_URL": database_url.render_as_string(hide_password=False),
        "SERVE_HOST": "203.0.113.1" if by_flag else "localhost",
        "SERVE_PORT": str(other if by_flag else port),
    }
    words = ("--host", "127.0.0.1", "--port", str(port)) if by_flag else ()
    ready = f"http://127.0.0.1:{port}/readyz"
    async with started("serve", *words, ready=ready, folder=tmp_path, **environment) as process:
        process.send_signal(signal.SIGTERM)
        _, err = await asyncio.wait_for(process.communicate(), 10)
    assert f"http://127.0.0.1:{port}/docs" in err.decode()


@pytest.mark.parametrize(
    "wrong",
    [
        {"DATABASE_URL": "garbage"},
        {"DATABASE_URL": "mysql://me:xylophone@127.0.0.1/x"},
        {"DATABASE_URL": "postgresql://me:xylophone@127.0.0.1:port/x"},
        {"OPENAI_BASE_URL": "notaurl"},
        {"OPENAI_API_KEY": "xylo\nphone"},
        {"REQUEST_DEADLINE_S": "inf"},
        {"SERVE_PORT": "99999"},
    ],
    ids=str,
)
def test_a_setting_that_cannot_be_is_named(run: Run, wrong: dict[str, str]) -> None:
    said = run("sops", "list", **wrong).failed_clearly()
    assert next(iter(wrong)) in said
    assert "xylo" not in said


def test_settings_that_are_no_text_are_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"LLM_MODEL=gr\xf6\xdfe\n")
    assert ".env is not UTF-8" in run("sops", "list").failed_clearly()


@pytest.mark.parametrize(("level", "told"), [("INFO", True), ("WARNING", False), ("", False)])
def test_an_explicit_log_level_counts(run: Run, tmp_path: Path, level: str, told: bool) -> None:
    file = tmp_path / "visit.txt"
    file.write_text(VISIT)
    ended = run("extract", str(file), "--json", LOG_LEVEL=level)
    assert ended.code == 0
    assert ("/extract/file" in ended.err) is told


ORDER = {"order_type": "lab", "description": "lipid panel", "reason": None, "provenance": [1]}
LABELLED = {"id": "a", "transcript": "Doctor: xylophone", "turn_spans": [[1, 8, 17]], "orders": [ORDER]}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "line 1"),
        (b"\xff\n", "utf-8"),
        (b"[]\n", "line 1"),
        (b'{"id": "a"}\n', "transcript"),
        (b'{"transcript": 5}\n', "transcript"),
        (orjson.dumps({**LABELLED, "orders": [{"order_type": "lab"}]}), "orders.0.description"),
        (orjson.dumps({**LABELLED, "turn_spans": []}), "turn_spans"),
        (orjson.dumps(LABELLED) + b'\n{"transcript": "xylophone", "gold": []}', "line 2"),
        (orjson.dumps({**LABELLED, "gold": {"clinician_todos": [{"description": "x"}]}}), "clinician_todos.0.evidence"),
    ],
)
def test_a_file_that_holds_no_labelled_visits_is_told(run: Run, tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "visits.jsonl"
    file.write_bytes(content)
    said = " ".join(run("evaluate", str(file)).failed_clearly().split())
    assert told in said
    assert "xylophone" not in said


async def test_a_stop_waits_for_a_request_no_longer_than_its_deadline(database_url: URL, tmp_path: Path) -> None:
    """A client that never ends its request would else hold up the stop for good."""
    port = free_port()
    environment = {
        "DATABASE_URL": database_url.render_as_string(hide_password=False),
        "REQUEST_DEADLINE_S": "0.1",
        "BODY_TIMEOUT_S": "600",
    }
    words = ("serve", "--port", str(port))
    async with started(*words, ready=f"http://127.0.0.1:{port}/readyz", folder=tmp_path, **environment) as process:
        _, slow = await asyncio.open_connection("127.0.0.1", port)
        slow.write(b"POST /extract HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
        await slow.drain()
        await asyncio.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), 15)
        slow.close()


async def test_a_password_with_marks_reaches_the_database_as_it_is(tmp_path: Path) -> None:
    """As docker-compose.yml gives it: beside the URL. What answers here asks for it, and ends."""
    asked: list[bytes] = []

    async def database(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(await reader.readexactly(4))
        if length == 8:  # the client asks for TLS first
            await reader.readexactly(4)
            writer.write(b"N")
            length = int.from_bytes(await reader.readexactly(4))
        await reader.readexactly(length - 4)
        writer.write(b"R" + (8).to_bytes(4) + (3).to_bytes(4))
        kind, length = await reader.readexactly(1), int.from_bytes(await reader.readexactly(4))
        asked.append(kind + await reader.readexactly(length - 4))
        writer.close()

    async with await asyncio.start_server(database, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"postgresql+asyncpg://medextract@127.0.0.1:{port}/medextract"
        process = await launched("migrate", folder=tmp_path, DATABASE_URL=url, PGPASSWORD="p@ss/w:r#d%")
        await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert asked[0] == b"pp@ss/w:r#d%\0"


def test_compose_puts_no_password_in_a_url() -> None:
    compose = (PROJECT / "docker-compose.yml").read_text()
    assert "DATABASE_URL: postgresql+asyncpg://medextract@database/medextract\n" in compose
    assert "PGPASSWORD: ${POSTGRES_PASSWORD}\n" in compose

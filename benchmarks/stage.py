"""What a run needs around it: a database server and a model server of its own, and the variants on top of them."""

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
from sqlalchemy.engine import URL

from app.db import migrate
from app.db.embedded import EmbeddedServer
from app.db.tables import LOCAL_ORGANIZATION
from benchmarks.prepared import prepare
from benchmarks.processes import PROJECT, Server, clean_environment, free_port, python, running
from benchmarks.visits import CLINICIANS

SERVICE, FLOOR, SEQUENTIAL = "service", "floor", "sequential"
TWO_WORKERS = f"{SERVICE}-2"
_HANDLERS = {FLOOR: "benchmarks.floor", SEQUENTIAL: "benchmarks.sequential"}
_USERS = """
INSERT INTO users (id, organization_id, email, name)
SELECT gen_random_uuid(), $1, 'clinician' || at || '@bench.example', 'Clinician ' || at
FROM generate_series(0, $2) AS at
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """Built by `stage`; everything on it is on loopback addresses and in `folder`."""

    folder: Path
    database_server: URL
    model: Server

    def set_latency(self, chat_s: float, embedding_s: float = 0.02) -> None:
        """How long the model server takes from now on, in seconds."""
        latency = {"chat_s": chat_s, "embedding_s": embedding_s}
        httpx.post(f"{self.model.url}/latency", json=latency, trust_env=False).raise_for_status()

    @contextmanager
    def variant(self, name: str, **settings: str) -> Iterator[Server]:
        """A variant while the block runs, over a database of its own which is kept from one start to the next.

        `name` is `floor`, `sequential`, `service`, `service-N` for N workers, or the folder of another checkout whose
        service is to be measured. `settings` are those of the service.
        """
        python_path, database = _python_of(name), self.database(name)
        port = free_port()
        if name in _HANDLERS:
            words = [str(port), dsn(database), self.model.url, str(self._prepared())]
            with running(python(_HANDLERS[name], *words), port, "/", self.folder) as server:
                yield server
            return
        words = [python_path, "-m", "app.cli", "serve", "--port", str(port), *_workers(name)]
        environment = self._settings(name, database) | settings
        with running(words, port, "/livez", self.folder, environment) as server:
            if name == SERVICE and not self._answers.exists():
                asyncio.run(prepare(server.url, self._answers))
            yield server

    def database(self, name: str) -> URL:
        """The variant's own; when it is first asked for, a copy of one that the variant's code migrated."""
        database = self.database_server.set(database=re.sub(r"\W", "_", f"bench_{name}"))
        if self._is_new(database):
            asyncio.run(_copy(self._migrated(name), database))
        return database

    def _migrated(self, name: str) -> URL:
        database = self.database_server.set(database=re.sub(r"\W", "_", f"migrated_by_{_code_of(name)}"))
        if self._is_new(database):
            asyncio.run(migrate.create_database(self.database_server, str(database.database)))
            environment = clean_environment() | self._settings(name, database)
            words = [_python_of(name), "-m", "app.cli", "migrate"]
            subprocess.run(words, cwd=self.folder, env=environment, check=True, capture_output=True)  # noqa: S603
            asyncio.run(_add_clinicians(database))
        return database

    def _is_new(self, database: URL) -> bool:
        """Whether it is asked for the first time."""
        made = self.folder / f"{database.database}.made"
        is_new = not made.exists()
        made.touch()
        return is_new

    def _settings(self, name: str, database: URL) -> dict[str, str]:
        return {
            "PYTHONPATH": str(_code_of(name)),
            "DATABASE_URL": database.render_as_string(hide_password=False),
            "LLM_PROVIDER": "openai",
            "OPENAI_BASE_URL": f"{self.model.url}/v1",
            "OPENAI_API_KEY": "none",
        }

    @property
    def _answers(self) -> Path:
        return self.folder / "prepared.json"

    def _prepared(self) -> Path:
        """What the service answers, by the first one that was started."""
        if not self._answers.exists():
            with self.variant(SERVICE):
                pass
        return self._answers


@contextmanager
def stage(folder: Path, database_conf: str = "") -> Iterator[Stage]:
    """The stage while the block runs; nothing of it is left afterwards."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = EmbeddedServer(folder / "database", database_conf)
        stack.callback(shutil.rmtree, server.folder, ignore_errors=True)
        stack.callback(server.stop)
        url, port = server.start(), free_port()
        model = running(python("benchmarks.model_server", str(port)), port, "/", folder)
        yield Stage(folder, url, stack.enter_context(model))


def dsn(url: URL) -> str:
    """The address as drivers without SQLAlchemy take it."""
    return f"postgresql://{url.username}@/{url.database}?host={url.query['host']}&port={url.port}"


def _code_of(name: str) -> Path:
    return Path(name) if "/" in name else PROJECT


def _python_of(name: str) -> str:
    return str(Path(name) / ".venv/bin/python") if "/" in name else sys.executable


def _workers(name: str) -> list[str]:
    return ["--workers", name.removeprefix("service-")] if name.startswith("service-") else []


async def _copy(database: URL, copy: URL) -> None:
    connection = await asyncpg.connect(dsn(database.set(database="postgres")))
    await connection.execute(f'CREATE DATABASE "{copy.database}" TEMPLATE "{database.database}"')
    await connection.close()


async def _add_clinicians(database: URL) -> None:
    connection = await asyncpg.connect(dsn(database))
    await connection.execute(_USERS, LOCAL_ORGANIZATION, CLINICIANS - 1)
    await connection.close()

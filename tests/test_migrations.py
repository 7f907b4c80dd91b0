"""The migrations: up, down and up again, in step with the tables, and safe to start from several processes at once."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from app.db import migrate
from app.db.tables import LOCAL_ORGANIZATION, metadata
from app.main import SchemaBehind, create_app, migrate_database
from tests.conftest import PROJECT, connection_to, fresh_database, settings_for

TABLES = text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")


async def tables_of(url: URL) -> set[str]:
    async with connection_to(url) as connection:
        return set((await connection.scalars(TABLES)).all())


async def test_up_down_and_up_again(server_url: URL) -> None:
    async with fresh_database(server_url, migrated=False) as url:
        assert not await migrate.is_current(url)
        for _ in range(2):
            await asyncio.to_thread(migrate.upgrade, url)
            assert await tables_of(url) == {*metadata.tables, "alembic_version"}
            assert await migrate.is_current(url)
            await asyncio.to_thread(command.downgrade, migrate.alembic_config(url), "base")
            assert await tables_of(url) == {"alembic_version"}
            assert not await migrate.is_current(url)


async def test_the_migrations_make_the_tables_of_the_code(database_url: URL) -> None:
    """`alembic check`: raises when a migration is missing."""
    await asyncio.to_thread(command.check, migrate.alembic_config(database_url))


async def alembic(*words: str, url: str, folder: Path = PROJECT) -> tuple[int | None, str]:
    """The command itself, as a developer runs it; its exit code and all it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "alembic", *words),
        cwd=folder,
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, said.decode()


async def test_the_alembic_command_takes_the_database_of_the_settings(server_url: URL) -> None:
    async with fresh_database(server_url, migrated=False) as url:
        whole = url.render_as_string(hide_password=False)
        assert await alembic("upgrade", "head", url=whole) == (0, "")
        assert await migrate.is_current(url)
        code, said = await alembic("check", url=whole)
        assert code == 0, said
        assert await alembic("downgrade", "base", url=whole) == (0, "")
        assert await tables_of(url) == {"alembic_version"}


async def test_the_alembic_command_says_what_it_lacks(tmp_path: Path) -> None:
    """Away from the `.env` of a developer, which may name a database."""
    code, said = await alembic("-c", str(PROJECT / "pyproject.toml"), "check", url="", folder=tmp_path)
    assert code != 0
    assert "DATABASE_URL" in said
    assert "Traceback" not in said


async def test_the_local_organization_is_there(database_url: URL) -> None:
    async with connection_to(database_url) as connection:
        found = await connection.scalar(
            text("SELECT name FROM organizations WHERE id = :id"), {"id": LOCAL_ORGANIZATION}
        )
    assert found == "local"


UPGRADE = (
    "import sys; from sqlalchemy import make_url; from app.db import migrate; migrate.upgrade(make_url(sys.argv[1]))"
)


async def test_starting_at_once_migrates_once(server_url: URL) -> None:
    async with fresh_database(server_url, migrated=False) as url:
        whole = url.render_as_string(hide_password=False)
        upgrading = [
            await asyncio.create_subprocess_exec(sys.executable, "-c", UPGRADE, whole, cwd=PROJECT) for _ in range(3)
        ]
        assert [await process.wait() for process in upgrading] == [0, 0, 0]
        assert await migrate.is_current(url)


async def test_a_database_of_the_operators_is_not_migrated_unasked(server_url: URL) -> None:
    async with fresh_database(server_url, migrated=False) as url:
        app = create_app(settings_for(url))
        with pytest.raises(SchemaBehind):
            async with app.router.lifespan_context(app):
                pass
        assert await tables_of(url) == set()
        await migrate_database(settings_for(url))
        assert await migrate.is_current(url)


async def test_deleting_an_organization_leaves_nothing_behind(server_url: URL) -> None:
    """Every row hangs on one, so that a clinic can be erased; only the audit remains, which holds nothing said."""
    async with fresh_database(server_url) as url, connection_to(url) as connection:
        unowned = await connection.scalars(
            text(
                "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE n.nspname = 'public' AND c.relkind = 'r'"
                " AND c.relname NOT IN ('organizations', 'alembic_version', 'audit_pending', 'audit_events')"
                " AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.confdeltype = 'c')"
            )
        )
        assert unowned.all() == []


async def test_two_users_of_one_address_cannot_be(database_url: URL) -> None:
    add = text("INSERT INTO users (id, organization_id, email) VALUES (gen_random_uuid(), :organization, :email)")
    async with connection_to(database_url) as connection:
        await connection.execute(add, {"organization": LOCAL_ORGANIZATION, "email": "twice@clinic.example"})
        with pytest.raises(DBAPIError, match="uq_users_organization_email"):
            await connection.execute(add, {"organization": LOCAL_ORGANIZATION, "email": "TWICE@clinic.example"})


START = """
import sys
from pathlib import Path
from app.db.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), extra_conf="fsync = off\\n")
print(server.folder, flush=True)
server.start()
input()
server.stop()
"""


def test_two_processes_that_start_on_a_new_folder_share_one_server(tmp_path: Path) -> None:
    """Both would else make the cluster, and each end the server of the other."""
    starting = [
        subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", START, str(tmp_path / "data")],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    ended = [process.communicate("\n", timeout=60) for process in starting]
    assert [process.returncode for process in starting] == [0, 0], [errors for _, errors in ended]
    folders = {Path(folder.strip()) for folder, _ in ended}
    assert len(folders) == 1
    folder = folders.pop()
    conf = (folder / "postgresql.conf").read_text()
    shutil.rmtree(folder.parent)  # as root it lies outside of the tests' own folder
    assert len(re.findall(r"^fsync = off", conf, re.MULTILINE)) == 1

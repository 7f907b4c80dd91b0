"""What the operator's page says: its metrics and settings exist, and its backup can be restored and served."""

import asyncio
import re
import subprocess
from pathlib import Path

from sqlalchemy.engine import URL

from app.db.postgres_programs import prepare
from app.settings import Settings
from tests.conftest import PROJECT, Service, fresh_database, running_service, settings_for

PAGE = (PROJECT / "docs" / "operations.md").read_text()


async def test_its_metrics_exist(scripted: Service) -> None:
    exposed = (await scripted.client.get("/metrics")).text
    named = set(re.findall(r"medextract_\w+", PAGE)) - {"medextract_app", "medextract_restored"}
    families = {name.removesuffix("_bucket") for name in named}
    assert len(families) > 5
    assert {name for name in families if f"# TYPE {name} " not in exposed} == set()


def test_its_settings_exist() -> None:
    rows = re.findall(r"^\| (`[A-Z_`, ]+)", PAGE, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"[A-Z_]{4,}", row)}
    assert len(named) > 8
    assert {name.lower() for name in named} <= set(Settings.model_fields)


async def test_a_backup_can_be_restored_and_served(server_url: URL, tmp_path: Path) -> None:
    async with fresh_database(server_url) as url, fresh_database(server_url, migrated=False) as restored:
        async with running_service(settings_for(url)) as service:
            told = await service.extract()
        dump = str(tmp_path / "medextract.dump")
        await run("pg_dump", "--format=custom", f"--file={dump}", *place(url), str(url.database))
        await run("pg_restore", "--no-owner", "--exit-on-error", *place(url), "-d", str(restored.database), dump)
        async with running_service(settings_for(restored)) as service:
            assert (await service.get(f"/extractions/{told['id']}"))["extraction"] == told["extraction"]
            assert (await service.extract())["state"] == "succeeded"


def place(url: URL) -> tuple[str, ...]:
    return "-h", str(url.query["host"]), "-p", str(url.port), "-U", str(url.username)


async def run(program: str, *words: str) -> None:
    programs = prepare(PROJECT / ".data" / "tests")[1]
    command = [str(programs.folder / program), *words]
    ended = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr.decode()

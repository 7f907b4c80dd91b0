"""The audit: every operation leaves its entry, the chain shows every change, and nobody changes it in silence."""

import asyncio
import uuid
from typing import Any

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.engine import URL
from typer.testing import CliRunner

from app.cli import cli
from app.db import audit
from app.db.tables import LOCAL_ORGANIZATION, audit_events, audit_pending
from app.errors import StorageUnavailable
from tests.conftest import Service, connection_to, fresh_database, running_service, settings_for
from tests.test_records import CASE

SOP = {"title": "Fever", "content": "1. Ask how long it has lasted."}


async def told(service: Service, record_id: str) -> list[tuple[str, str, str]]:
    """(action, kind, actor) of a record's entries, oldest first."""
    await service.parts.audit_log.flush()
    of_record = select(audit_events).where(audit_events.c.record_id == uuid.UUID(record_id))
    async with service.parts.db.read(LOCAL_ORGANIZATION) as session:
        # By when it was done: another process of the tests may seal a later entry first.
        rows = (await session.execute(of_record.order_by(audit_events.c.id))).all()
    return [(row.action, row.kind, row.actor) for row in rows]


async def test_a_visit_leaves_who_made_read_and_corrected_it(offline: Service) -> None:
    run = await offline.extract()
    await offline.get(f"/extractions/{run['id']}")
    await offline.client.patch(f"/extractions/{run['id']}", json={"status": "approved"})
    await offline.get(f"/transcripts/{run['transcript_id']}")
    assert await told(offline, run["id"]) == [
        ("create", "extractions", "local"),
        ("read", "extractions", "local"),
        ("correct", "extractions", "local"),
    ]
    assert await told(offline, run["transcript_id"]) == [
        ("create", "transcripts", "local"),
        ("read", "transcripts", "local"),
    ]


@pytest.mark.parametrize(("path", "body"), [("/sops", SOP), ("/test-cases", CASE)])
async def test_what_a_clinic_keeps_leaves_its_whole_life(offline: Service, path: str, body: dict[str, Any]) -> None:
    made = (await offline.client.post(path, json=body)).json()["id"]
    await offline.client.patch(f"{path}/{made}", json={"title": "Another"})
    await offline.client.delete(f"{path}/{made}")
    await offline.client.get(f"{path}/{made}")
    kind = path[1:].replace("-", "_")
    assert await told(offline, made) == [
        (action, kind, "local") for action in ("create", "correct", "delete", "refused")
    ]


async def test_a_list_is_a_read_of_each_record_on_it(offline: Service) -> None:
    run = await offline.extract()
    await offline.get("/extractions", transcript_id=run["transcript_id"])
    assert (await told(offline, run["id"]))[-1] == ("read", "extractions", "local")


async def test_work_that_is_rolled_back_is_not_audited(offline: Service) -> None:
    run = await offline.extract()
    async with offline.parts.db.across_organizations() as session:
        await session.execute(text("UPDATE extractions SET state = 'failed' WHERE id = :id"), {"id": run["id"]})
    refused = await offline.client.patch(f"/extractions/{run['id']}", json={"status": "approved"})
    assert refused.status_code == 409
    assert ("correct", "extractions", "local") not in await told(offline, run["id"])


async def test_what_was_noted_is_written_when_the_service_stops(database_url: URL, offline: Service) -> None:
    run = await offline.extract()
    async with running_service(settings_for(database_url)) as other:
        await other.get(f"/extractions/{run['id']}")
    assert ("read", "extractions", "local") in await told(offline, run["id"])


async def test_parallel_writers_and_sealers_make_one_whole_chain(offline: Service, database_url: URL) -> None:
    async def work() -> None:
        made = (await offline.client.post("/sops", json=SOP)).json()["id"]
        await asyncio.gather(offline.client.get(f"/sops/{made}"), offline.parts.audit_log.flush())

    await asyncio.gather(*(work() for _ in range(20)))
    await offline.parts.audit_log.flush()
    async with offline.parts.db.across_organizations() as session:
        chain = await audit.verify(session, LOCAL_ORGANIZATION)
        waiting = (await session.scalars(select(audit_pending.c.id))).all()
    assert chain.broken_at is None
    assert chain.entries >= 40
    assert waiting == []


async def test_nobody_changes_an_entry(offline: Service) -> None:
    """Neither a caller's session, which lacks the rights, nor the tables' owner, whom the trigger stops."""
    await offline.extract()
    await offline.parts.audit_log.flush()
    db = offline.parts.db
    for change in (delete(audit_events), update(audit_events).values(actor="nobody"), text("TRUNCATE audit_events")):
        for session_of in (db.write(LOCAL_ORGANIZATION), db.across_organizations()):
            with pytest.raises(StorageUnavailable, match="42501"):
                async with session_of as session:
                    await session.execute(change)
    with pytest.raises(StorageUnavailable, match="42501"):
        async with db.across_organizations() as session:
            await session.execute(update(audit_pending).values(actor="nobody"))


TAMPERINGS = {
    "changed": "UPDATE audit_events SET actor = 'key:other' WHERE number = 2",
    "left out": "DELETE FROM audit_events WHERE number = 2",
    "moved": "UPDATE audit_events SET number = -number WHERE number = 2",
}


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS)
async def test_verify_finds_what_a_superuser_changed(server_url: URL, tampering: str) -> None:
    async with fresh_database(server_url) as url:
        async with running_service(settings_for(url)) as service:
            for _ in range(3):
                await service.client.post("/sops", json=SOP)
        code, said = await verified(url)
        assert code == 0
        assert "3 entries  whole" in said
        async with connection_to(url) as connection:
            await connection.execute(text("ALTER TABLE audit_events DISABLE TRIGGER append_only"))
            await connection.execute(text(tampering))
        code, said = await verified(url)
        assert code == 1
        assert "BROKEN at entry" in said


async def verified(url: URL) -> tuple[int, str]:
    """Exit code and words of the command; in a thread, since it runs a loop of its own."""
    own = {"DATABASE_URL": url.render_as_string(hide_password=False)}
    ended = await asyncio.to_thread(CliRunner().invoke, cli, ["audit", "verify"], env=own)
    return ended.exit_code, ended.output

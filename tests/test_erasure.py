"""Erasure: what was said is in no table any more, others' visits are untouched, and the audit tells that it went."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.tables import metadata
from app.extraction.wording import in_words
from app.language.fingerprint import fingerprint_of, normalised
from tests.commands import Run, commands
from tests.conftest import OpenService, Service, new_user
from tests.scripted_provider import ScriptedProvider

SAID = "Doctor: Take naproxen 500 mg twice a day for the {0} pain.\nPatient: The {0} hurts at night."


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, database_url: URL) -> Run:
    return commands(monkeypatch, capsys, tmp_path, database_url)


async def reviewed(service: Service, user: dict[str, str], word: str) -> dict[str, Any]:
    """A visit that went the whole way: corrected by a person, signed, and made a gold case."""
    made = await service.extract(SAID.format(word), user=user, notes=word)
    path = f"/extractions/{made['id']}"
    item = made["extraction"]["medication_instructions"][0]["id"]
    decision = {"item_id": item, "action": "edit", "after": {"special_instructions": f"for the {word}"}}
    version = (await service.client.get(path)).headers["etag"]
    response = await service.client.patch(path, json={"decisions": [decision]}, headers={"If-Match": version})
    assert response.status_code == 200, response.text
    assert (await service.client.patch(path, json={"status": "approved"})).status_code == 200
    gold = {
        "title": word,
        "transcript": SAID.format(word),
        "expected": {"medication_instructions": [{"medication_name": "naproxen"}]},
    }
    assert (await service.client.post("/test-cases", json=gold)).status_code == 201
    await service.parts.embedder.cache.flush()
    return made


async def tables_with(connection: AsyncConnection, *words: str) -> set[str]:
    """The tables in a row of which one of the words stands."""
    found = set()
    for table in metadata.tables:
        for word in words:
            there = f"SELECT EXISTS (SELECT FROM {table} row WHERE row::text ILIKE '%{word}%')"  # noqa: S608
            if await connection.scalar(text(there)):
                found.add(table)
    return found


async def remembered(connection: AsyncConnection, said: str) -> bool:
    """Whether a vector of the text is in the database."""
    there = text("SELECT EXISTS (SELECT FROM embedding_cache WHERE digest = :digest)")
    return bool(await connection.scalar(there, {"digest": fingerprint_of(normalised(said)).digest}))


@pytest.mark.parametrize("by", ["transcript", "user", "age"])
async def test_no_table_holds_a_trace_of_what_was_erased(
    offline: Service, connection: AsyncConnection, run: Run, by: str
) -> None:
    user = new_user()
    word = f"quillbarrow{by}"
    made = await reviewed(offline, user, word)
    assert {"transcripts", "extractions", "review_decisions", "test_cases"} <= await tables_with(connection, word)
    assert await remembered(connection, SAID.format(word))
    await connection.execute(
        text("UPDATE transcripts SET created_at = now() - interval '400 days' WHERE id = :id"),
        {"id": made["transcript_id"]},
    )
    which = {"transcript": made["transcript_id"], "user": user["email"], "age": "365"}[by]
    option = {"transcript": "--transcript", "user": "--user", "age": "--older-than"}[by]
    assert run("erase", option, which, "--yes").out.endswith("Erased 1 visits and 1 gold cases.\n")
    ids = (made["id"], made["transcript_id"])
    left = {"audit_events", "audit_pending"}
    assert await tables_with(connection, word) == set()
    assert await tables_with(connection, *ids) <= left
    assert not await remembered(connection, SAID.format(word))
    assert not await remembered(connection, in_words(made["extraction"]))
    if by == "user":
        assert await tables_with(connection, user["email"]) == set()
    told = run("audit", "list", "--record", made["transcript_id"], "--json").data
    assert [(entry["action"], entry["actor"]) for entry in told[:1]] == [("delete", "command line")]
    assert run("audit", "verify").code == 0


async def test_visits_of_others_stay(offline: Service, run: Run) -> None:
    mine, theirs = await offline.extract(SAID.format("knee")), await offline.extract(SAID.format("shoulder"))
    assert run("erase", "--transcript", mine["transcript_id"], "--yes").code == 0
    assert (await offline.client.get(f"/transcripts/{mine['transcript_id']}")).status_code == 404
    assert (await offline.get(f"/transcripts/{theirs['transcript_id']}"))["id"] == theirs["transcript_id"]


def test_what_to_erase_has_to_be_said_and_meant(run: Run) -> None:
    assert run("erase", "--yes").code == 2
    assert run("erase", "--older-than", "1", "--user", "a@b.example", "--yes").code == 2
    assert run("erase", "--older-than", "36500").code == 1, "nobody answered the question"
    assert "no such clinician" in run("erase", "--user", "nobody@clinic.example", "--yes").failed_clearly()


async def test_visits_over_the_age_limit_are_erased_by_the_service(
    open_service: OpenService, connection: AsyncConnection
) -> None:
    service = await open_service(ScriptedProvider(), retention_days=30)
    old, new = await service.extract(SAID.format("old")), await service.extract(SAID.format("new"))
    before = text("UPDATE transcripts SET created_at = now() - interval '31 days' WHERE id = :id")
    await connection.execute(before, {"id": old["transcript_id"]})
    await service.parts.sweep.once()
    assert (await service.client.get(f"/extractions/{old['id']}")).status_code == 404
    assert (await service.get(f"/extractions/{new['id']}"))["id"] == new["id"]

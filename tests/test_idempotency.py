"""Idempotency-Key: one model call and one answer for a key, whatever happens in between."""

import asyncio
import uuid
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.conftest import VISIT, OpenService, Service, new_user, running_service, scripted_settings
from tests.scripted_provider import Reply, ScriptedProvider, answer, failure
from tests.test_concurrency import locked
from tests.test_departures import Gate
from tests.test_streaming import STREAM, events
from tests.uploads import LINES, a_pdf


def new_key() -> dict[str, str]:
    return {"Idempotency-Key": uuid.uuid4().hex}


async def post(service: Service, headers: dict[str, str], **fields: Any) -> httpx.Response:
    body = {"transcript": VISIT, "user": {"external_id": "dr-once"}, **fields}
    response: httpx.Response = await service.client.post("/extract", json=body, headers=headers)
    return response


def kind(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["type"].rpartition(":")[2]


async def test_the_same_key_and_body_is_the_same_answer(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider())
    key = new_key()
    first, second = await post(service, key), await post(service, key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() | {"review": None} == first.json() | {"review": None}
    assert len(service.provider.chats) == 1
    other = await post(service, new_key())
    assert other.json()["id"] != first.json()["id"]


async def test_without_a_key_every_request_is_its_own(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider())
    assert (await post(service, {})).json()["id"] != (await post(service, {})).json()["id"]


async def test_a_hundred_at_once_are_one_call_and_one_answer(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(answer(delay_s=0.5)), idempotency_wait_s=60)
    key = new_key()
    answers = await asyncio.gather(*(post(service, key) for _ in range(100)))
    assert {response.status_code for response in answers} == {201}
    assert len({response.content for response in answers}) == 1
    assert len(service.provider.chats) == 1
    runs = await service.get("/extractions", transcript_id=answers[0].json()["transcript_id"])
    assert len(runs["items"]) == 1


async def test_two_processes_are_one_call_and_one_answer(database_url: URL) -> None:
    """Two apps on one database, as two replicas are."""
    gate = Gate()
    provider = ScriptedProvider(gate)
    async with (
        running_service(scripted_settings(database_url, idempotency_wait_s=60), provider) as one,
        running_service(scripted_settings(database_url, idempotency_wait_s=60), provider) as two,
    ):
        key = new_key()
        posting = [asyncio.create_task(post(service, key)) for service in (one, two) for _ in range(5)]
        await asyncio.wait_for(gate.called.wait(), 20)
        await asyncio.sleep(0.5)
        gate.may_answer.set()
        answers = await asyncio.gather(*posting)
    assert {response.status_code for response in answers} == {201}
    assert len({response.json()["id"] for response in answers}) == 1
    assert len(provider.chats) == 1


async def test_one_that_takes_long_is_told_to_ask_again(open_service: OpenService) -> None:
    gate = Gate()
    service = await open_service(ScriptedProvider(gate), idempotency_wait_s=0.1)
    key = new_key()
    first = asyncio.create_task(post(service, key))
    await asyncio.wait_for(gate.called.wait(), 20)
    second = await post(service, key)
    assert kind(second) == (409, "idempotency-key-in-use")
    assert int(second.headers["retry-after"]) >= 1
    assert second.json()["retryable"] is True
    gate.may_answer.set()
    assert (await first).status_code == 201
    assert (await post(service, key)).json()["id"] == (await first).json()["id"]


@pytest.mark.parametrize(
    "changed", [{"transcript": VISIT + "."}, {"notes": "x"}, {"visit_date": "2026-11-20"}], ids=str
)
async def test_another_body_is_refused(open_service: OpenService, changed: dict[str, str]) -> None:
    service = await open_service(ScriptedProvider())
    key = new_key()
    assert (await post(service, key)).status_code == 201
    assert kind(await post(service, key, **changed)) == (422, "idempotency-key-reused")
    assert len(service.provider.chats) == 1


async def test_another_body_is_refused_while_the_first_is_at_work(open_service: OpenService) -> None:
    gate = Gate()
    service = await open_service(ScriptedProvider(gate))
    key = new_key()
    first = asyncio.create_task(post(service, key))
    await asyncio.wait_for(gate.called.wait(), 20)
    assert kind(await post(service, key, notes="other")) == (422, "idempotency-key-reused")
    gate.may_answer.set()
    assert (await first).status_code == 201


UNFIT = {"long": "x" * 256, "empty": "", "quoted_empty": '""', "not_ascii": "ä".encode(), "tab": "a\tb"}


@pytest.mark.parametrize("key", UNFIT.values(), ids=UNFIT)
async def test_a_key_that_is_none(scripted: Service, key: str | bytes) -> None:
    calls = len(scripted.provider.calls)
    body = {"transcript": VISIT}
    response = await scripted.client.post("/extract", json=body, headers=[(b"Idempotency-Key", _bytes(key))])
    assert kind(response) == (400, "idempotency-key-invalid")
    assert len(scripted.provider.calls) == calls


async def test_two_keys_are_none(scripted: Service) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    response = await scripted.client.post("/extract", json={"transcript": VISIT}, headers=headers)
    assert kind(response) == (400, "idempotency-key-invalid")


def _bytes(key: str | bytes) -> bytes:
    return key if isinstance(key, bytes) else key.encode()


async def test_a_key_may_stand_in_quotes_as_the_draft_writes_it(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider())
    name = "x" * 253 + "yz"
    bare, quoted = await post(service, {"Idempotency-Key": name}), await post(service, {"Idempotency-Key": f'"{name}"'})
    assert bare.json()["id"] == quoted.json()["id"]


@pytest.mark.parametrize("fault", [failure(503, retry_after="600"), failure(401)], ids=["retryable", "to be mended"])
async def test_a_failure_frees_the_key(open_service: OpenService, fault: Reply) -> None:
    service = await open_service(ScriptedProvider(fault, answer()))
    key = new_key()
    assert (await post(service, key)).status_code in (502, 503)
    assert (await post(service, key)).status_code == 201
    assert (await post(service, key)).status_code == 201
    assert len(service.provider.chats) == 2


async def test_streams_and_files_have_keys_too(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider())
    key, options = new_key(), {"options": orjson.dumps({"user": new_user()}).decode()}
    files = {"file": ("a.pdf", a_pdf(*LINES))}
    first = await service.client.post("/extract/file", files=files, data=options, headers=key)
    again = await service.client.post("/extract/file", files=files, data=options, headers=key | STREAM)
    assert [name for name, _ in events(again.text)] == ["result"]
    assert events(again.text)[0][1]["id"] == first.json()["id"]
    assert len(service.provider.chats) == 1


async def test_a_replay_is_audited_as_a_read_and_costs_no_tokens(
    open_service: OpenService, connection: AsyncConnection
) -> None:
    service = await open_service(ScriptedProvider())
    key = new_key()
    told = (await post(service, key)).json()
    await post(service, key)
    await service.parts.audit_log.flush()
    actions = text("SELECT action FROM audit_events WHERE record_id = :id AND kind = 'extractions' ORDER BY number")
    assert (await connection.scalars(actions, {"id": told["id"]})).all() == ["create", "read"]
    assert 'medextract_tokens_total{kind="prompt"} 11.0' in (await service.client.get("/metrics")).text


async def test_a_client_that_leaves_early_leaves_the_key_to_those_who_wait(open_service: OpenService) -> None:
    hang = asyncio.Event()

    class SlowEmbedding(ScriptedProvider):
        async def _vectors(self, body: dict[str, Any]) -> Reply:
            if not hang.is_set():
                hang.set()
                await asyncio.sleep(60)
            return await super()._vectors(body)

    service = await open_service(SlowEmbedding(), idempotency_wait_s=60)
    key = new_key()
    first = asyncio.create_task(post(service, key))
    await asyncio.wait_for(hang.wait(), 20)
    second = asyncio.create_task(post(service, key))
    await asyncio.sleep(0.1)
    first.cancel()
    assert (await second).status_code == 201
    assert len(service.provider.chats) == 1


@pytest.mark.parametrize("by", ["the retry", "the service itself"])
async def test_a_paid_answer_survives_a_save_that_fails(open_service: OpenService, database_url: URL, by: str) -> None:
    gate = Gate()
    service = await open_service(ScriptedProvider(gate), db_statement_timeout_s=0.8, request_deadline_s=3)
    key = new_key()
    posting = asyncio.create_task(post(service, key))
    called = asyncio.create_task(gate.called.wait())
    await asyncio.wait({posting, called}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
    assert called.done(), posting.result().text  # says why it did not come as far as the model
    async with locked(database_url, "extractions"):
        gate.may_answer.set()
        assert kind(await posting) == (503, "storage-unavailable")
    if by == "the service itself":
        await service.parts.once._save_what_is_kept()
    told = await post(service, key)
    assert (told.status_code, told.json()["extraction"]["summary"]) == (201, "Paid for.")
    assert gate.calls == 1
    run = await service.get(f"/extractions/{told.json()['id']}")
    assert (run["state"], run["problem"]) == ("succeeded", None)
    stored = await service.get("/extractions", transcript_id=run["transcript_id"])
    assert [item["id"] for item in stored["items"]] == [run["id"]]


async def test_keys_are_kept_for_their_time_and_then_swept(
    open_service: OpenService, connection: AsyncConnection
) -> None:
    service = await open_service(ScriptedProvider(), idempotency_ttl_s=3600)
    key = new_key()
    first = (await post(service, key)).json()["id"]
    older = text("UPDATE idempotency_keys SET created_at = now() - interval '2 hours' WHERE name = :name")
    await connection.execute(older, {"name": key["Idempotency-Key"]})
    second = (await post(service, key, notes="Another body is all right now.")).json()["id"]
    assert first != second
    await connection.execute(older, {"name": key["Idempotency-Key"]})
    await service.parts.sweep.once()
    left = text("SELECT count(*) FROM idempotency_keys WHERE name = :name")
    assert (await connection.execute(left, {"name": key["Idempotency-Key"]})).scalar_one() == 0


async def test_nothing_of_the_body_is_kept_with_the_key(open_service: OpenService, connection: AsyncConnection) -> None:
    service = await open_service(ScriptedProvider())
    await post(service, new_key(), transcript="Doctor: xylophone.")
    rows = (await connection.execute(text("SELECT idempotency_keys::text FROM idempotency_keys"))).scalars().all()
    assert rows
    assert not any("xylophone" in row for row in rows)

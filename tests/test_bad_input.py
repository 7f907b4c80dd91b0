"""Bad input: each gets a clear problem, nothing is stored, nothing of it comes back, and no model is called."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.conftest import VISIT, OpenService, Service, new_user
from tests.scripted_provider import ScriptedProvider

SECRET = "xylophone-7391"
JSON = {"Content-Type": "application/json"}
UNKNOWN = "019a0000-0000-7000-8000-000000000000"


async def stored_rows(connection: AsyncConnection) -> list[int]:
    tables = ("users", "transcripts", "extractions", "sops", "test_cases", "embeddings")
    counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)  # noqa: S608 - names from this line
    return list((await connection.execute(text(f"SELECT {counts}"))).one())


@pytest.fixture(autouse=True)
async def _nothing_stored(connection: AsyncConnection, scripted: Service) -> AsyncIterator[None]:
    """Holds for every test in this file."""
    before, chats = await stored_rows(connection), len(scripted.provider.chats)
    yield
    assert await stored_rows(connection) == before
    assert len(scripted.provider.chats) == chats


async def refused(service: Service, content: Any, status: int, slug: str, **request: Any) -> dict[str, Any]:
    """The problem that answers those bytes, after the checks that hold for all."""
    headers = {**JSON, **request.pop("headers", {})}
    response = await service.client.post(request.pop("path", "/extract"), content=content, headers=headers)
    assert response.headers["content-type"] == "application/problem+json"
    problem = dict(response.json())
    assert (response.status_code, problem["type"]) == (status, f"urn:medextract:problem:{slug}"), problem
    assert problem["status"] == status
    assert problem["instance"] == response.headers["x-request-id"]
    assert SECRET not in response.text
    # Twenty wrong fields, each with its pointer, take more than one whole that is too large.
    assert len(response.content) < (1024 if len(problem.get("errors", [])) < 5 else 2048)
    return problem


async def refused_body(service: Service, body: Any, status: int, slug: str) -> list[tuple[str, str]]:
    problem = await refused(service, orjson.dumps(body), status, slug)
    return [(error["pointer"], error["code"]) for error in problem.get("errors", [])]


@pytest.mark.parametrize("transcript", ["", " ", "\n\t \r\n", "\u200b\u200e", "...", "\ufeff"], ids=ascii)
async def test_a_transcript_without_words(scripted: Service, transcript: str) -> None:
    await refused_body(scripted, {"transcript": transcript}, 422, "transcript-empty")


WRONG = {
    "transcript_number": ({"transcript": 7}, "/transcript"),
    "transcript_list": ({"transcript": [SECRET]}, "/transcript"),
    "transcript_null": ({"transcript": None}, ""),
    "neither": ({}, ""),
    "both": ({"transcript": SECRET, "transcript_id": UNKNOWN}, ""),
    "transcript_id_no_uuid": ({"transcript_id": SECRET}, "/transcript_id"),
    "notes_list": ({"transcript": SECRET, "notes": [SECRET]}, "/notes"),
    "user_text": ({"transcript": SECRET, "user": SECRET}, "/user"),
    "user_of_nobody": ({"transcript": SECRET, "user": {"name": SECRET}}, "/user"),
    "user_bad_email": ({"transcript": SECRET, "user": {"email": SECRET}}, "/user/email"),
    "user_unknown_field": ({"transcript": SECRET, "user": {"email": "a@b.example", SECRET: 1}}, "/user"),
    "user_name_long": ({"transcript": SECRET, "user": {"email": "a@b.example", "name": "x" * 201}}, "/user/name"),
    "visit_date_words": ({"transcript": SECRET, "visit_date": SECRET}, "/visit_date"),
    "visit_date_number": ({"transcript": SECRET, "visit_date": 20261120}, "/visit_date"),
    "visit_date_zero": ({"transcript": SECRET, "visit_date": 0}, "/visit_date"),
    "visit_date_no_day": ({"transcript": SECRET, "visit_date": "2026-02-30"}, "/visit_date"),
    "sop_ids_text": ({"transcript": SECRET, "sop_ids": SECRET}, "/sop_ids"),
    "sop_ids_true": ({"transcript": SECRET, "sop_ids": [True]}, "/sop_ids/0"),
    "sop_ids_digit": ({"transcript": SECRET, "sop_ids": ["1"]}, "/sop_ids/0"),
    "sop_ids_number": ({"transcript": SECRET, "sop_ids": [UNKNOWN, 1]}, "/sop_ids/1"),
    "sop_ids_null": ({"transcript": SECRET, "sop_ids": [None]}, "/sop_ids/0"),
    "sop_ids_twice": ({"transcript": SECRET, "sop_ids": [UNKNOWN, UNKNOWN.upper()]}, "/sop_ids"),
    "sop_ids_many": ({"transcript": SECRET, "sop_ids": [f"{UNKNOWN[:-2]}{n:02}" for n in range(51)]}, "/sop_ids"),
    "categories_text": ({"transcript": SECRET, "custom_categories": SECRET}, "/custom_categories"),
    "category_bad_name": ({"transcript": SECRET, "custom_categories": [{"name": SECRET}]}, "/custom_categories/0/name"),
    "category_taken": ({"transcript": SECRET, "custom_categories": [{"name": "problems"}]}, "/custom_categories"),
    "category_twice": (
        {"transcript": SECRET, "custom_categories": [{"name": "a"}, {"name": "a"}]},
        "/custom_categories",
    ),
    "unknown_field": ({"transcript": SECRET, SECRET: 1}, ""),
    "not_an_object": ([1], ""),
    "null": (None, ""),
    "text": (SECRET, ""),
    "notes_long": ({"transcript": SECRET, "notes": "x" * 20_001}, "/notes"),
}


@pytest.mark.parametrize(("body", "pointer"), WRONG.values(), ids=WRONG)
async def test_a_wrong_body_is_told_where(scripted: Service, body: Any, pointer: str) -> None:
    errors = await refused_body(scripted, body, 422, "invalid-request")
    assert [found for found, _ in errors] == [pointer]
    assert all(code for _, code in errors)


async def test_no_body(scripted: Service) -> None:
    response = await scripted.client.post("/extract", headers=JSON)
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


async def test_many_errors_are_a_short_answer(scripted: Service) -> None:
    await refused_body(scripted, {"transcript": SECRET, "sop_ids": [True] * 5000}, 422, "invalid-request")


async def test_the_first_of_very_many_errors_is_enough(scripted: Service) -> None:
    began = time.perf_counter()
    await refused_body(scripted, {"sop_ids": [1] * 900_000}, 422, "invalid-request")
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("path", ["/extract", "/sops", "/test-cases"])
async def test_a_body_nested_deep(scripted: Service, path: str) -> None:
    deep = b"[" * 900 + b"]" * 900
    fields = b", ".join(b'"%s": %s' % (name, deep) for name in (b"transcript", b"user", b"title", b"expected"))
    for body in (deep, b"{%s}" % fields, b'{"expected": {"patient_reminders": %s}}' % deep):
        await refused(scripted, body, 422, "invalid-request", path=path)


async def test_over_the_character_limit(scripted: Service) -> None:
    await refused_body(scripted, {"transcript": "a" * 200_001}, 422, "transcript-too-long")


async def test_the_limit_counts_characters_and_not_bytes(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(), max_transcript_chars=10, max_body_bytes=100)
    await refused_body(service, {"transcript": "é" * 11}, 422, "transcript-too-long")
    await refused_body(service, {"transcript": "é" * 50}, 413, "body-too-large")


async def test_over_the_byte_limit_as_declared(scripted: Service) -> None:
    """Nothing of the body is read."""

    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    headers = {"Content-Length": str(2_000_001)}
    await refused(scripted, never(), 413, "body-too-large", headers=headers)


async def test_over_the_byte_limit_in_chunks(scripted: Service) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b" " * 100_000

    await refused(scripted, endless(), 413, "body-too-large")
    assert sent <= 22


@pytest.mark.parametrize("length", ["-1", "²", "1e9", "x", "9" * 5000], ids=lambda length: length[:4])
async def test_a_senseless_content_length_is_no_error_of_ours(scripted: Service, length: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", length.encode("latin-1"))]
    response = await scripted.client.post("/extract", content=b"{}", headers=headers)
    assert response.status_code in (400, 413, 422)


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (b'{"transcript": "Hi \\u0000 there"}', "/transcript", "nul_at_3"),
        (b'{"transcript": "Hi", "notes": "\\u0000"}', "/notes", "nul_at_0"),
        (b'{"transcript": "Hi", "user": {"email": "a@b\\u0000.example"}}', "/user/email", "nul_at_3"),
        (b'{"transcript": "Hi", "user": {"external_id": "a\\u0000"}}', "/user/external_id", "nul_at_1"),
        (b'{"transcript": "a\\ud83d b"}', "/transcript", "lone_surrogate_at_1"),
        (b'{"transcript": "Hi", "notes": "\\uDE00"}', "/notes", "lone_surrogate_at_0"),
        (b'{"user": {"email": "a@b.example", "name": "ab\\ud800"}}', "/user/name", "lone_surrogate_at_2"),
        (b'{"custom_categories": [{"description": "\\u0000"}]}', "/custom_categories/0/description", "nul_at_0"),
        (b'{"xylophone-7391": {"notes": "a\\ud800"}}', "", "lone_surrogate_at_1"),
        (b'{"xylophone-7391\\ud800": 1}', "", "lone_surrogate_at_14"),
        (b'{"user": {"xylophone-7391\\u0000": 1}}', "/user", "nul_at_14"),
        (b'{"transcript": %s"\\u0000"%s}' % (b"[" * 900, b"]" * 900), "/transcript/0/0/0/0", "nul_at_0"),
        (b'{"transcript": %s"\\ud800"%s}' % (b"[" * 900, b"]" * 900), "/transcript/0/0/0/0", "lone_surrogate_at_0"),
    ],
)
async def test_a_character_that_cannot_be_stored(scripted: Service, body: bytes, pointer: str, code: str) -> None:
    problem = await refused(scripted, body, 422, "invalid-character")
    assert problem["errors"] == [{"pointer": pointer, "code": code}]
    assert code.rpartition("_")[2] in problem["detail"]


BROKEN = {
    "not_utf8": b'{"transcript": "caf\xe9 xylophone-7391"}',
    "overlong_utf8": b'{"transcript": "\xc0\x80"}',
    "surrogate_bytes": b'{"transcript": "\xed\xa0\x80"}',
    "utf16": '{"transcript": "xylophone-7391"}'.encode("utf-16"),
    "nested_lists": b"[" * 100_000 + b"]" * 100_000,
    "nested_in_a_field": b'{"transcript": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "nan": b'{"transcript": NaN}',
    "infinity": b'{"transcript": "a", "visit_date": Infinity}',
    "long_number": b'{"transcript": ' + b"9" * 5000 + b"}",
    "cut": b'{"transcript": "xylophone-7391',
    "two_values": b'{"transcript": "a"} {"transcript": "b"}',
    "form": b"transcript=xylophone-7391",
}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
async def test_bytes_that_are_no_json(scripted: Service, body: bytes) -> None:
    began = time.perf_counter()
    response = await scripted.client.post("/extract", content=body, headers=JSON)
    assert time.perf_counter() - began < 0.5
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"
    assert SECRET not in response.text


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""])
async def test_a_wrong_content_type(scripted: Service, content_type: str) -> None:
    body = orjson.dumps({"transcript": SECRET})
    await refused(scripted, body, 415, "unsupported-media-type", headers={"Content-Type": content_type})


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP"])
async def test_a_content_encoding(scripted: Service, encoding: str) -> None:
    body = orjson.dumps({"transcript": SECRET})
    await refused(scripted, body, 415, "unsupported-media-type", headers={"Content-Encoding": encoding})


async def test_a_content_type_with_a_charset_is_taken(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider())
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert (await service.client.post("/extract", content=b'{"transcript": ""}', headers=headers)).status_code == 422


async def test_a_body_that_never_ends(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(), body_timeout_s=0.2)

    async def dripping() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.02)

    began = time.monotonic()
    await refused(service, dripping(), 408, "body-timeout")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("user", [None, new_user()], ids=["default", "new"])
async def test_an_unknown_sop_id(scripted: Service, user: Any) -> None:
    body = {"transcript": VISIT, "user": user, "sop_ids": [UNKNOWN]}
    response = await scripted.client.post("/extract", json=body)
    assert (response.status_code, response.json()["type"]) == (404, "urn:medextract:problem:sop-not-found")
    assert UNKNOWN not in response.text


async def test_an_unknown_transcript_id(scripted: Service) -> None:
    assert await refused_body(scripted, {"transcript_id": UNKNOWN}, 404, "not-found") == []

"""A word that nobody says by chance, put wherever a client or a model may write: it comes back in records alone."""

import ast
import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.logs import FIELDS
from tests.conftest import PROJECT, Logged, OpenService, Service
from tests.scripted_provider import (
    JSON,
    Reply,
    ScriptedProvider,
    answer,
    answer_text,
    completion,
    content,
    failure,
    medication,
)

CANARY = "zyxquartz7391"
FAULTS: dict[str, Callable[[], Reply]] = {
    "fine": lambda: answer(medication_instructions=[medication(CANARY, 1, CANARY, dosage=CANARY)], summary=CANARY),
    "unfounded": lambda: answer(medication_instructions=[medication("other", 1, f"{CANARY} again")]),
    "malformed_item": lambda: answer(medication_instructions=[{"medication_name": [CANARY], CANARY: CANARY}, CANARY]),
    "off_schema": lambda: content(orjson.dumps({CANARY: CANARY}).decode()),
    "not_json": lambda: content(CANARY),
    "html": lambda: Reply(f"<html>{CANARY}</html>".encode(), headers={"content-type": "text/html"}),
    "cut_off": lambda: content(answer_text(summary=CANARY)[:-9], finish_reason="length"),
    "refused": lambda: content(None, refusal=CANARY),
    "too_large": lambda: content(CANARY * 300_000),
    "no_choices": lambda: completion({"choices": None, "error": CANARY}),
    "named": lambda: completion({"model": CANARY, "choices": []}),
    "unauthorized": lambda: failure(401, CANARY, CANARY),
    "rate_limited": lambda: failure(429, CANARY, CANARY, retry_after=CANARY),
    "too_long": lambda: failure(400, f"maximum context length {CANARY}", "context_length_exceeded"),
    "parameter": lambda: failure(400, f"temperature {CANARY}"),
    "outage": lambda: failure(500, CANARY),
    "redirect": lambda: Reply(CANARY.encode(), 302, {"location": f"http://{CANARY}.invalid/", "content-type": JSON}),
}
SAID = f"Doctor: Take {CANARY} twice a day, {CANARY}.\nPatient: {CANARY}, all right."
USER = {"email": f"{CANARY}@clinic.example", "name": CANARY, "external_id": CANARY}


async def extracted(service: Service, **fields: Any) -> httpx.Response:
    """A visit with the canary in every text that a client can send."""
    body = {
        "transcript": SAID,
        "notes": CANARY,
        "user": USER,
        "custom_categories": [{"name": "billing_codes", "description": CANARY}],
    }
    return await service.client.post("/extract", json={**body, **fields})


async def tell_all(service: Service, *responses: httpx.Response) -> str:
    """What operators and strangers see: problems, headers, metrics and timings."""
    seen = [response.text for response in responses if response.status_code >= 400]
    seen += [str(response.headers) for response in responses]
    seen += [(await service.client.get(path)).text for path in ("/metrics", "/timings")]
    return "\n".join(seen)


@pytest.mark.parametrize("fault", FAULTS)
async def test_nothing_of_a_visit_leaks_whatever_the_model_does(
    open_service: OpenService, logged: Logged, fault: str
) -> None:
    provider = ScriptedProvider(FAULTS[fault]())
    service = await open_service(provider, log_level="DEBUG", request_deadline_s=5, llm_attempts=1)
    sop = {"title": CANARY, "content": f"1. {CANARY}", "description": CANARY, "category": CANARY, "user": USER}
    made = await service.client.post("/sops", json=sop)
    response = await extracted(service, sop_ids=[made.json()["id"]])
    assert CANARY not in await tell_all(service, made, response)
    lines = logged()
    assert any(line["event"] == "request" and line["route"] == "/extract" for line in lines)
    assert CANARY not in str(lines)


@pytest.mark.parametrize(
    "fields",
    [
        {"transcript": [CANARY]},
        {"transcript": f"\x00{CANARY}"},
        {CANARY: CANARY},
        {"user": {"email": CANARY}},
        {"visit_date": CANARY},
        {"sop_ids": [CANARY]},
        {"custom_categories": [{"name": CANARY, "description": CANARY}, {"name": f"{CANARY}!"}]},
    ],
    ids=lambda fields: next(iter(fields)) if CANARY not in fields else "unknown",
)
async def test_nothing_of_a_bad_body_comes_back(scripted: Service, logged: Logged, fields: dict[str, Any]) -> None:
    response = await extracted(scripted, **fields)
    assert response.status_code == 422
    assert CANARY not in await tell_all(scripted, response)
    assert CANARY not in str(logged())


@pytest.mark.parametrize("path", [f"/{CANARY}", f"/extractions/{CANARY}", f"/extractions?state={CANARY}"])
async def test_nothing_of_an_address_comes_back(scripted: Service, logged: Logged, path: str) -> None:
    response = await scripted.client.get(path)
    assert response.status_code in (404, 422)
    assert CANARY not in await tell_all(scripted, response)
    assert CANARY not in str(logged())


@pytest.mark.parametrize("name", ["a.txt", "a.pdf", "a.docx", f"{CANARY}.pdf"])
async def test_nothing_of_a_file_comes_back(scripted: Service, logged: Logged, name: str) -> None:
    contents = SAID.encode() if name.endswith("txt") else b"%PDF-1.7 " + CANARY.encode()
    form = {"options": orjson.dumps({"notes": [CANARY]}).decode()} if name.endswith("txt") else {}
    response = await scripted.client.post("/extract/file", files={"file": (name, contents)}, data=form)
    assert response.status_code == 422
    assert CANARY not in await tell_all(scripted, response)
    assert CANARY not in str(logged())


@asynccontextmanager
async def complaining(connection: AsyncConnection, table: str, event: str) -> AsyncIterator[None]:
    """The database refuses to write to that table, and repeats the row in its error."""
    complain = "RAISE EXCEPTION 'no: %', NEW USING ERRCODE = '22023', DETAIL = NEW::text"
    body = f"BEGIN {complain}; END"
    await connection.execute(text(f"CREATE FUNCTION repeat_it() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"))
    trigger = f"CREATE TRIGGER repeat_it BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION repeat_it()"
    await connection.execute(text(trigger))
    try:
        yield
    finally:
        await connection.execute(text("DROP FUNCTION repeat_it CASCADE"))


@pytest.mark.parametrize(("table", "event"), [("transcripts", "INSERT"), ("extractions", "UPDATE")])
async def test_nothing_of_a_row_leaks_when_the_database_repeats_it(
    open_service: OpenService, connection: AsyncConnection, logged: Logged, table: str, event: str
) -> None:
    service = await open_service(ScriptedProvider(FAULTS["fine"]()), request_deadline_s=2, log_level="DEBUG")
    service.provider.database = None
    async with complaining(connection, table, event):
        response = await extracted(service)
    assert response.status_code == 503
    assert CANARY not in await tell_all(service, response)
    assert CANARY not in str(logged())
    folder = await connection.scalar(text("SHOW data_directory"))
    assert CANARY not in await asyncio.to_thread(Path(folder, "log").read_text)


async def test_a_library_s_message_is_logged_without_its_arguments(logged: Logged) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("some.library").exception("failed on %s", CANARY)
    logging.getLogger("some.library").warning(f"first line\n{CANARY}")
    asyncio.get_running_loop().call_exception_handler({"message": "a task failed", "exception": ValueError(CANARY)})
    lines = logged()
    assert [line["event"] for line in lines] == ["failed on %s", "first line", "a task failed"]
    assert (lines[0]["logger"], lines[0]["error"]) == ("some.library", "ValueError")
    assert CANARY not in str(lines)


def test_every_field_that_is_logged_is_on_the_list() -> None:
    """A field that is missing there would be left out of the log without a word."""
    calls = [
        node
        for path in (PROJECT / "app").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_log(node.func.value)
    ]
    assert len(calls) > 10
    assert {keyword.arg for call in calls for keyword in call.keywords if keyword.arg} <= FIELDS


def _is_log(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "log"


async def test_a_line_that_the_fast_writer_refuses_is_still_written(logged: Logged) -> None:
    structlog.get_logger().info("odd", rows=2**70, reason="it is over 64 bits")
    assert [(line["event"], line["reason"]) for line in logged()] == [("odd", "it is over 64 bits")]

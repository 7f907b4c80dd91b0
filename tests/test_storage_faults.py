"""Faults of the database: clear problems, no model call that nobody can store, and no half-written run."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.conftest import (
    VISIT,
    Logged,
    OpenService,
    Service,
    connection_to,
    fresh_database,
    new_user,
    running_service,
    scripted_settings,
)
from tests.scripted_provider import Reply, ScriptedProvider, answer, failure
from tests.test_concurrency import locked

UNAVAILABLE = "urn:medextract:problem:storage-unavailable"
RESTLESS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'medextract'"
    " AND datname = current_database() AND state = :state AND query LIKE :query"
)


async def post(service: Service, **fields: Any) -> Any:
    return await service.client.post("/extract", json={"transcript": VISIT, "user": new_user(), **fields})


@asynccontextmanager
async def failing(connection: AsyncConnection, event: str, table: str, sqlstate: str) -> AsyncIterator[None]:
    """While the block runs, the database answers that kind of statement on that table with that SQLSTATE."""
    raise_it = f"RAISE EXCEPTION 'xylophone' USING ERRCODE = '{sqlstate}'"
    await connection.execute(
        text(f"CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {raise_it}; END $$")
    )
    await connection.execute(text(f"CREATE TRIGGER fail BEFORE {event} ON {table} EXECUTE FUNCTION fail()"))
    try:
        yield
    finally:
        await connection.execute(text("DROP FUNCTION IF EXISTS fail CASCADE"))


@pytest.mark.parametrize(
    ("table", "phase"), [("users", "user_lookup"), ("sops", "sop_fetch"), ("transcripts", "open_run")]
)
async def test_a_lookup_that_fails_costs_no_model_call(
    open_service: OpenService, database_url: URL, table: str, phase: str
) -> None:
    service = await open_service(ScriptedProvider(), db_statement_timeout_s=0.3)
    service.provider.database = None
    user = new_user()
    sop = (await service.client.post("/sops", json={"title": "a", "content": "1. b", "user": user})).json()
    async with locked(database_url, table):
        response = await post(service, user=user, sop_ids=[sop["id"]] if table != "users" else [])  # would fail, too
    problem = response.json()
    assert (response.status_code, problem["type"]) == (503, UNAVAILABLE)
    assert (problem["phase"], problem["retryable"]) == (phase, True)
    assert int(response.headers["retry-after"]) >= 1
    assert service.provider.chats == []


def levels(logged: Logged, problem: str) -> set[str]:
    """At which levels the requests that ended so were logged."""
    return {line["level"] for line in logged() if line["event"] == "request" and line.get("problem") == problem}


async def test_an_exhausted_pool_is_told_soon(open_service: OpenService, database_url: URL, logged: Logged) -> None:
    service = await open_service(ScriptedProvider(), db_pool_size=1, db_max_overflow=0, db_pool_timeout_s=0.3)
    service.provider.database = None
    async with locked(database_url, "users"):
        first = asyncio.create_task(post(service))
        await asyncio.sleep(0.1)
        began = time.monotonic()
        second = await post(service)
        assert time.monotonic() - began < 2
    assert (second.status_code, second.json()["type"]) == (503, "urn:medextract:problem:overloaded")
    assert second.json()["retryable"] is True
    assert "retry-after" in second.headers
    assert levels(logged, "overloaded") == {"warning"}
    assert (await first).status_code == 201


async def test_a_full_disk_is_told_and_reads_go_on(
    open_service: OpenService, connection: AsyncConnection, logged: Logged
) -> None:
    service = await open_service(ScriptedProvider())
    stored = await service.extract()
    async with failing(connection, "INSERT", "transcripts", "53100"):
        response = await post(service)
        assert (await service.get(f"/extractions/{stored['id']}"))["id"] == stored["id"]
    assert (response.status_code, response.json()["type"]) == (503, "urn:medextract:problem:storage-full")
    assert len(service.provider.chats) == 1
    assert levels(logged, "storage-full") == {"critical"}
    assert "xylophone" not in response.text + str(logged())


async def test_a_failing_statement_is_told_by_its_sqlstate_alone(
    open_service: OpenService, connection: AsyncConnection, logged: Logged
) -> None:
    service = await open_service(ScriptedProvider())
    async with failing(connection, "INSERT", "transcripts", "XX001"):
        response = await post(service)
    assert (response.status_code, response.json()["type"]) == (503, UNAVAILABLE)
    assert "XX001" in response.json()["detail"]
    assert "xylophone" not in response.text + str(logged())


Outage = Callable[[], AbstractAsyncContextManager[None]]


@pytest.fixture(params=["lock", "trigger"])
def saves_fail(request: pytest.FixtureRequest, database_url: URL, connection: AsyncConnection) -> Outage:
    """While entered, no run can be updated: because that takes too long, or because the database refuses."""
    if request.param == "lock":
        return lambda: locked(database_url, "extractions")
    return lambda: failing(connection, "UPDATE", "extractions", "XX000")


def after_call(called: asyncio.Event, going_on: asyncio.Event) -> Any:
    async def reply(_: dict[str, Any]) -> Reply:
        called.set()
        await going_on.wait()
        return answer(summary="Paid for.")

    return reply


async def test_a_paid_answer_is_saved_when_the_database_is_back(
    open_service: OpenService, saves_fail: Outage, logged: Logged
) -> None:
    called, going_on = asyncio.Event(), asyncio.Event()
    service = await open_service(ScriptedProvider(after_call(called, going_on)), db_statement_timeout_s=0.3)
    posting = asyncio.create_task(post(service))
    await called.wait()
    async with saves_fail():
        going_on.set()
        async with asyncio.timeout(10):
            while not any(line["event"] == "save_retry" for line in logged()):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    response = await posting
    assert response.status_code == 201
    assert len(service.provider.chats) == 1
    run = await service.get(f"/extractions/{response.json()['id']}")
    assert (run["state"], run["extraction"]["summary"]) == ("succeeded", "Paid for.")


async def test_a_save_that_fails_until_the_deadline_is_told(open_service: OpenService, saves_fail: Outage) -> None:
    called, going_on = asyncio.Event(), asyncio.Event()
    service = await open_service(
        ScriptedProvider(after_call(called, going_on)), db_statement_timeout_s=0.2, request_deadline_s=1.5
    )
    posting = asyncio.create_task(post(service))
    await called.wait()
    async with saves_fail():
        going_on.set()
        response = await posting
    problem = response.json()
    assert (response.status_code, problem["type"], problem["phase"]) == (503, UNAVAILABLE, "save_result")
    run = await service.last_run()
    assert (run["state"], run["extraction"]) in (("running", None), ("failed", None))


async def test_idle_connections_that_were_killed_are_not_noticed(
    open_service: OpenService, connection: AsyncConnection
) -> None:
    service = await open_service(ScriptedProvider())
    await service.extract()
    killed = (await connection.execute(text(RESTLESS), {"state": "idle", "query": "%"})).all()
    assert killed
    told = await service.extract()
    assert (told["state"], told["degraded"]) == ("succeeded", [])


async def test_a_connection_killed_while_it_saves_loses_nothing(
    open_service: OpenService, connection: AsyncConnection, database_url: URL
) -> None:
    called, going_on = asyncio.Event(), asyncio.Event()
    service = await open_service(ScriptedProvider(after_call(called, going_on)))
    posting = asyncio.create_task(post(service))
    await called.wait()
    async with locked(database_url, "extractions"):
        going_on.set()
        async with asyncio.timeout(10):
            waiting = {"state": "active", "query": "UPDATE extractions%"}
            while not (await connection.execute(text(RESTLESS), waiting)).all():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    response = await posting
    assert response.status_code == 201
    assert (await service.get(f"/extractions/{response.json()['id']}"))["state"] == "succeeded"


@pytest.mark.parametrize(
    ("table", "query"),
    [
        ("users", "SELECT inside.user_id%FROM users%"),
        ("sops", "SELECT inside.id%FROM sops%"),
        ("transcripts", "WITH %INSERT INTO transcripts%"),
    ],
)
async def test_a_connection_killed_in_flight_costs_a_second_try(
    open_service: OpenService, connection: AsyncConnection, database_url: URL, logged: Logged, table: str, query: str
) -> None:
    service = await open_service(ScriptedProvider())
    service.provider.database = None  # the lookup hangs beside the embedding call
    user = new_user()
    sop = (await service.client.post("/sops", json={"title": "a", "content": "1. b", "user": user})).json()
    async with locked(database_url, table):
        posting = asyncio.create_task(post(service, user=user, sop_ids=[sop["id"]]))
        async with asyncio.timeout(20):
            while not (await connection.execute(text(RESTLESS), {"state": "active", "query": query})).all():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    response = await posting
    assert response.status_code == 201, response.text
    assert [line["level"] for line in logged() if line["event"] == "transaction_retried"] == ["warning"]
    runs = await service.get("/extractions", user_id=response.json()["user_id"])
    assert [run["state"] for run in runs["items"]] == ["succeeded"]
    assert len(service.provider.chats) == 1


@pytest.mark.parametrize("is_known", [False, True])
async def test_a_connection_that_breaks_behind_a_commit_leaves_one_run(
    open_service: OpenService, connection: AsyncConnection, is_known: bool
) -> None:
    """The trigger ends the connection from within the commit, which so can no longer be told from one that failed."""
    service, user = await open_service(ScriptedProvider()), new_user()
    if is_known:  # then it is a single statement that opens the run
        await service.extract(user=user)
    await connection.execute(
        text(
            "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
            " IF nextval('cuts') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NULL; END $$"
        )
    )
    await connection.execute(text("CREATE SEQUENCE cuts"))
    await connection.execute(
        text(
            "CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON extractions DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION cut()"
        )
    )
    try:
        response = await post(service, user=user)
    finally:
        await connection.execute(text("DROP FUNCTION cut CASCADE"))
        await connection.execute(text("DROP SEQUENCE cuts"))
    assert response.status_code == 201, response.text
    runs = await service.get("/extractions", user_id=response.json()["user_id"])
    assert [run["state"] for run in runs["items"]] == ["succeeded"] * (1 + is_known)


async def test_a_database_that_is_away_and_comes_back(server_url: URL) -> None:
    """Alive all the time, ready only while the database is there; requests fail clearly, and then go well again."""
    async with (
        fresh_database(server_url) as url,
        connection_to(server_url) as server,
        running_service(scripted_settings(url), ScriptedProvider()) as service,
    ):
        await service.extract()
        assert (await service.client.get("/readyz")).status_code == 204
        await server.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS false'))
        end_all = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        await server.execute(end_all, {"name": url.database})
        chats = len(service.provider.chats)
        for response in (await service.client.get("/readyz"), await post(service)):
            assert (response.status_code, response.json()["type"]) == (503, UNAVAILABLE)
        assert (await service.client.get("/livez")).status_code == 204
        assert len(service.provider.chats) == chats
        await server.execute(text(f'ALTER DATABASE "{url.database}" ALLOW_CONNECTIONS true'))
        assert (await service.client.get("/readyz")).status_code == 204
        assert (await service.extract())["state"] == "succeeded"
        states = {run["state"] for run in (await service.get("/extractions"))["items"]}
        assert states == {"succeeded"}


async def test_a_failure_that_cannot_be_noted_is_still_told(open_service: OpenService, saves_fail: Outage) -> None:
    called, going_on = asyncio.Event(), asyncio.Event()

    async def refuse(_: dict[str, Any]) -> Reply:
        called.set()
        await going_on.wait()
        return failure(401)

    service = await open_service(ScriptedProvider(refuse), db_statement_timeout_s=0.2)
    posting = asyncio.create_task(post(service))
    await called.wait()
    async with saves_fail():
        going_on.set()
        response = await posting
    assert (response.status_code, response.json()["phase"]) == (502, "llm_extraction")

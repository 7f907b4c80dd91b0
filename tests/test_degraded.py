"""What a request can go without: the answer says so, and the run succeeds."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from app.computing import LONG_FROM_CHARS
from tests.conftest import VISIT, Logged, OpenService, Service, new_user
from tests.scripted_provider import Reply, ScriptedProvider, answer, failure, medication, vectors_reply
from tests.test_concurrency import locked

GOOD = answer(medication_instructions=[medication("ibuprofen", 1, "Take ibuprofen 400 mg twice a day")])
UNUSABLE_VECTORS = {
    "401": failure(401),
    "html": Reply(b"<html>"),
    "empty": Reply(b""),
    "none": vectors_reply([]),
    "too_many": vectors_reply([[1.0] * 256, [1.0] * 256]),
    "wrong_length": vectors_reply([[1.0] * 255]),
    "not_a_number": vectors_reply([[float("nan")] * 256]),
    "infinite": vectors_reply([[float("inf")] + [0.0] * 255]),
    "not_base64": Reply(b'{"data": [{"embedding": "%%%"}]}'),
    "odd_bytes": Reply(b'{"data": [{"embedding": "AAA="}]}'),
    "text_in_list": Reply(b'{"data": [{"embedding": ["x"]}]}'),
    "null": Reply(b'{"data": [{"embedding": null}]}'),
    "data_null": Reply(b'{"data": null}'),
    "nested": Reply(b'{"data": [{"embedding": [[1.0], [2.0]]}]}'),
    "huge": Reply(b'{"data": "' + b"x" * 3_000_000 + b'"}'),
}


async def assert_degraded(service: Service, logged: Logged, *what: str, **fields: Any) -> dict[str, Any]:
    """The answer is whole but for what it names; the log warns; the stored run says the same."""
    told = await service.extract(**fields)
    assert told["degraded"] == list(what)
    assert told["state"] == "succeeded"
    assert len(told["extraction"]["medication_instructions"]) == 1
    warned = [line for line in logged() if line["event"] == "degraded"]
    assert [(line["level"], line["what"]) for line in warned] == [("warning", name) for name in what]
    run = await service.get(f"/extractions/{told['id']}")
    assert (run["degraded"], run["extraction"]) == (list(what), told["extraction"])
    assert told["review"].items() <= run["review"].items()
    return told


@pytest.mark.parametrize("fault", UNUSABLE_VECTORS.values(), ids=UNUSABLE_VECTORS)
async def test_without_a_vector_of_the_transcript(open_service: OpenService, logged: Logged, fault: Reply) -> None:
    service = await open_service(ScriptedProvider(GOOD, embeddings=[fault]))
    told = await assert_degraded(service, logged, "similarity")
    assert not {"test_case_search", "visit_search"} & set(told["timings"]["phases"])


@pytest.mark.parametrize("fault", UNUSABLE_VECTORS.values(), ids=UNUSABLE_VECTORS)
async def test_without_a_vector_of_the_result(open_service: OpenService, logged: Logged, fault: Reply) -> None:
    service = await open_service(ScriptedProvider(GOOD, embeddings=[None, fault]))
    await assert_degraded(service, logged, "embedding")


async def test_without_any_vector(open_service: OpenService, logged: Logged) -> None:
    service = await open_service(ScriptedProvider(GOOD, embeddings=[failure(401), failure(401)]))
    await assert_degraded(service, logged, "similarity", "embedding")


async def test_an_embedding_that_hangs_costs_its_own_limit_only(open_service: OpenService, logged: Logged) -> None:
    slow = Reply(vectors_reply([[1.0] * 256]).body, delay_s=30)
    service = await open_service(ScriptedProvider(GOOD, embeddings=[slow]), embedding_timeout_s=0.2, llm_attempts=1)
    await assert_degraded(service, logged, "similarity")


async def test_vectors_may_come_as_lists_of_numbers(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(GOOD))
    service.provider.list_vectors = True
    user = new_user()
    first = await service.extract(user=user)
    await service.client.patch(f"/extractions/{first['id']}", json={"status": "approved"})
    service.provider.list_vectors = False
    told = await service.extract("Doctor: Take ibuprofen 400 mg once a week, for ten weeks.", user=user)
    assert told["degraded"] == []
    assert len(told["context"]["visits"]) == 1


@pytest.mark.parametrize(("table", "degraded"), [("test_cases", "test_case_search"), ("embeddings", "visit_search")])
async def test_a_slow_search_is_given_up_and_the_other_kept(
    open_service: OpenService, database_url: URL, logged: Logged, table: str, degraded: str
) -> None:
    """The lock lasts until the model answers, so that the save is not held up; two seconds are enough for the other
    search also on a busy machine."""
    released = asyncio.Event()

    async def release(_: dict[str, Any]) -> Reply:
        released.set()
        return GOOD

    service = await open_service(ScriptedProvider(release), search_timeout_s=2)
    user = new_user()
    first = await service.extract(user=user)
    await service.client.patch(f"/extractions/{first['id']}", json={"status": "approved"})
    visit = "Doctor: Take ibuprofen 400 mg twice a day, please, my friend.\nPatient: All right, I certainly will."
    expected = {"medication_instructions": [{"medication_name": "ibuprofen"}]}
    gold = {"title": "a", "transcript": "Doctor: Take ibuprofen 200 mg once, for the pain.", "expected": expected}
    assert (await service.client.post("/test-cases", json=gold)).status_code == 201
    released.clear()
    async with locked(database_url, table):
        extracting = asyncio.create_task(assert_degraded(service, logged, degraded, transcript=visit, user=user))
        await asyncio.wait_for(released.wait(), 10)
    told = await extracting
    kept = "visits" if degraded == "test_case_search" else "test_cases"
    assert len(told["context"][kept]) == 1
    assert told["timings"]["phases"][degraded]["ms"] >= 2000


async def test_without_an_evaluation_a_person_must_look(open_service: OpenService, logged: Logged) -> None:
    service = await open_service(ScriptedProvider(GOOD), evaluation_timeout_s=1e-9)
    long = "Doctor: Take ibuprofen 400 mg twice a day.\n" + "Patient: Thank you, I will.\n" * (LONG_FROM_CHARS // 20)
    told = await assert_degraded(service, logged, "evaluation", transcript=long)
    assert told["evaluation"] is None
    assert told["review"] == {"status": "pending", "reasons": ["evaluation_missing"]}


async def test_an_evaluation_that_raises_costs_only_itself(
    open_service: OpenService, connection: AsyncConnection, logged: Logged
) -> None:
    """Raised for real, by a gold case that somebody has broken in the database."""
    service = await open_service(ScriptedProvider(GOOD))
    expected = {"medication_instructions": [{"medication_name": "ibuprofen"}]}
    gold = {"title": "a", "transcript": "Doctor: Take ibuprofen 400 mg twice a day, friend.", "expected": expected}
    case = (await service.client.post("/test-cases", json=gold)).json()
    broken = text("UPDATE test_cases SET expected = '{\"medication_instructions\": [7]}' WHERE id = :id")
    await connection.execute(broken, {"id": case["id"]})
    told = await assert_degraded(service, logged, "evaluation")
    await service.client.delete(f"/test-cases/{case['id']}")
    assert (told["evaluation"], told["review"]["status"]) == (None, "pending")


@pytest.fixture
async def no_vectors_saved(connection: AsyncConnection) -> Any:
    """The database refuses vectors of the clinicians that this test uses."""
    name = "refuse_vectors"
    await connection.execute(
        text(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$"
        )
    )
    await connection.execute(
        text(f"CREATE TRIGGER {name} BEFORE INSERT ON embeddings FOR EACH ROW EXECUTE FUNCTION {name}()")
    )
    yield
    await connection.execute(text(f"DROP FUNCTION {name} CASCADE"))


@pytest.mark.usefixtures("no_vectors_saved")
async def test_vectors_that_cannot_be_saved(open_service: OpenService, logged: Logged) -> None:
    service = await open_service(ScriptedProvider(GOOD))
    told = await service.extract(VISIT)
    assert told["degraded"] == ["embedding"]
    assert [line["what"] for line in logged() if line["event"] == "degraded"] == ["embedding"]
    assert (await service.get(f"/extractions/{told['id']}"))["state"] == "succeeded"


@pytest.mark.usefixtures("no_vectors_saved")
async def test_the_stored_run_knows_that_its_vectors_were_not_saved(open_service: OpenService) -> None:
    """Else nothing that looks for what is missing could find it."""
    service = await open_service(ScriptedProvider(GOOD))
    told = await service.extract(VISIT)
    assert (await service.get(f"/extractions/{told['id']}"))["degraded"] == ["embedding"]

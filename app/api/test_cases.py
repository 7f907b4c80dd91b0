"""Gold test cases: create, list, read, change, delete; the vector to find them by is made on the way in."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request, Response

from app.api.access import CallerDep, PartsDep, SpenderDep, spend_tokens
from app.api.clinic_bodies import Expected, Promotion, StoredTestCase, TestCaseBody, TestCaseChange, TestCasePage
from app.api.documented import BODY, MODEL, READ, TEST_CASE, created, problems
from app.api.requests import JsonRoute, path_of
from app.api.reviews import find
from app.api.vectors import vector_of
from app.api.visits import checked_transcript
from app.db import audit, test_cases
from app.db.rows import columns
from app.db.transcripts import content_hash
from app.errors import Conflict, NotFound
from app.language.fingerprint import normalised
from app.review.decisions import fold
from app.review.gold import expected_of

router = APIRouter(tags=["test cases"], route_class=JsonRoute)
_CREATED = created("case_id", "get_test_case", "update_test_case", "delete_test_case")
_MISSING = "There is no test case under that id."


@router.post(
    "/test-cases", status_code=201, response_model=StoredTestCase, responses=_CREATED | problems(*BODY, *MODEL)
)
async def create_test_case(
    body: Annotated[TestCaseBody, Body(openapi_examples=TEST_CASE)],
    request: Request,
    response: Response,
    parts: PartsDep,
    caller: SpenderDep,
) -> dict[str, Any]:
    checked_transcript(body.transcript, parts.settings)
    embedded = await vector_of(body.transcript, parts, caller, "transcript_embedding")
    spend_tokens(request, embedded.tokens)
    values = body.model_dump() | {
        "expected": body.expected.as_given(),
        "organization_id": caller.organization_id,
        "user_id": caller.user_id,
        "content_hash": content_hash(normalised(body.transcript)),
        "embedding_model": parts.embedder.model,
        "vector": embedded.vector,
    }
    async with parts.db.write(caller.organization_id) as session:
        row = await test_cases.create_test_case(session, values)
        await audit.record(session, caller, "create", "test_cases", row.id)
    response.headers["Location"] = path_of(request, "test-cases", row.id)
    return columns(row)


@router.post(
    "/extractions/{extraction_id}/promote",
    status_code=201,
    response_model=StoredTestCase,
    responses=_CREATED | problems(404, *BODY, *MODEL),
)
async def promote_extraction(
    extraction_id: UUID, body: Promotion, request: Request, response: Response, parts: PartsDep, caller: SpenderDep
) -> dict[str, Any]:
    """Makes a gold case of an approved visit: its transcript, and the findings as the reviewer left them."""
    run = await find(extraction_id, parts, caller)
    if run.review is None or run.review["status"] != "approved":
        raise Conflict("Only an approved visit can become a gold case.")
    expected = expected_of(fold(run.result, run.decisions).result())
    if not any(expected.values()):
        raise Conflict("Nothing that a gold case could expect is left of this visit.")
    case = TestCaseBody(
        title=body.title,
        transcript=run.transcript,
        expected=Expected.model_validate(expected),
        is_active=body.is_active,
    )
    return await create_test_case(case, request, response, parts, caller)


@router.get("/test-cases", response_model=TestCasePage, responses=problems(*READ))
async def list_test_cases(
    parts: PartsDep, caller: CallerDep, cursor: UUID | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> dict[str, Any]:
    async with parts.db.read(caller.organization_id) as session:
        page, following = await test_cases.list_test_cases(session, caller, cursor, limit)
    parts.audit_log.note(caller, "read", "test_cases", *(row.id for row in page))
    return {"items": [columns(row) for row in page], "next_cursor": following}


@router.get("/test-cases/{case_id}", response_model=StoredTestCase, responses=problems(404, *READ))
async def get_test_case(case_id: UUID, parts: PartsDep, caller: CallerDep) -> dict[str, Any]:
    async with parts.db.read(caller.organization_id) as session:
        row = await test_cases.find_test_case(session, caller, case_id)
    if row is None:
        raise NotFound(_MISSING)
    parts.audit_log.note(caller, "read", "test_cases", case_id)
    return columns(row)


@router.patch("/test-cases/{case_id}", response_model=StoredTestCase, responses=problems(404, *BODY))
async def update_test_case(
    case_id: UUID, changes: TestCaseChange, parts: PartsDep, caller: CallerDep
) -> dict[str, Any]:
    if not changes:
        return await get_test_case(case_id, parts, caller)
    values: dict[str, Any] = dict(changes)
    if "expected" in changes:
        values["expected"] = changes["expected"].as_given()
    async with parts.db.write(caller.organization_id) as session:
        row = await test_cases.update_test_case(session, caller, case_id, values)
        if row is None:
            raise NotFound(_MISSING)
        await audit.record(session, caller, "correct", "test_cases", case_id)
    return columns(row)


@router.delete("/test-cases/{case_id}", status_code=204, response_class=Response, responses=problems(404, *READ))
async def delete_test_case(case_id: UUID, parts: PartsDep, caller: CallerDep) -> None:
    async with parts.db.write(caller.organization_id) as session:
        if not await test_cases.delete_test_case(session, caller, case_id):
            raise NotFound(_MISSING)
        await audit.record(session, caller, "delete", "test_cases", case_id)

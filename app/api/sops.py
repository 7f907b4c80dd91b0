"""SOPs: create, list, read, change, delete."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request, Response

from app.api.access import CallerDep, PartsDep
from app.api.clinic_bodies import NewSop, SopChange, SopPage, StoredSop
from app.api.documented import BODY, READ, SOP, created, problems
from app.api.requests import JsonRoute, path_of
from app.api.visits import clinician_of, refuse_other_clinician
from app.db import audit, sops
from app.db.rows import columns
from app.db.users import find_or_create_user
from app.errors import NotFound

router = APIRouter(tags=["sops"], route_class=JsonRoute)
_CREATED = created("sop_id", "get_sop", "update_sop", "delete_sop")
_MISSING = "There is no SOP under that id."


@router.post("/sops", status_code=201, response_model=StoredSop, responses=_CREATED | problems(*BODY))
async def create_sop(
    body: Annotated[NewSop, Body(openapi_examples=SOP)],
    request: Request,
    response: Response,
    parts: PartsDep,
    caller: CallerDep,
) -> dict[str, Any]:
    values = body.model_dump(exclude={"user"})
    await refuse_other_clinician(body.user, caller, parts.db)
    async with parts.db.write(caller.organization_id) as session:
        user_id = caller.user_id or await find_or_create_user(session, clinician_of(body.user, caller))
        row = await sops.create_sop(session, {**values, "user_id": user_id})
        await audit.record(session, caller, "create", "sops", row.id)
    response.headers["Location"] = path_of(request, "sops", row.id)
    return columns(row)


@router.get("/sops", response_model=SopPage, responses=problems(*READ))
async def list_sops(
    parts: PartsDep,
    caller: CallerDep,
    is_active: bool | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    async with parts.db.read(caller.organization_id) as session:
        page, following = await sops.list_sops(session, caller, is_active, cursor, limit)
    parts.audit_log.note(caller, "read", "sops", *(row.id for row in page))
    return {"items": [columns(row) for row in page], "next_cursor": following}


@router.get("/sops/{sop_id}", response_model=StoredSop, responses=problems(404, *READ))
async def get_sop(sop_id: UUID, parts: PartsDep, caller: CallerDep) -> dict[str, Any]:
    async with parts.db.read(caller.organization_id) as session:
        row = await sops.find_sop(session, caller, sop_id)
    if row is None:
        raise NotFound(_MISSING)
    parts.audit_log.note(caller, "read", "sops", sop_id)
    return columns(row)


@router.patch("/sops/{sop_id}", response_model=StoredSop, responses=problems(404, *BODY))
async def update_sop(sop_id: UUID, changes: SopChange, parts: PartsDep, caller: CallerDep) -> dict[str, Any]:
    if not changes:
        return await get_sop(sop_id, parts, caller)
    async with parts.db.write(caller.organization_id) as session:
        row = await sops.update_sop(session, caller, sop_id, dict(changes))
        if row is None:
            raise NotFound(_MISSING)
        await audit.record(session, caller, "correct", "sops", sop_id)
    return columns(row)


@router.delete("/sops/{sop_id}", status_code=204, response_class=Response, responses=problems(404, *READ))
async def delete_sop(sop_id: UUID, parts: PartsDep, caller: CallerDep) -> None:
    async with parts.db.write(caller.organization_id) as session:
        if not await sops.delete_sop(session, caller, sop_id):
            raise NotFound(_MISSING)
        await audit.record(session, caller, "delete", "sops", sop_id)

"""Stored runs: list, read, and the clinician's decision on one; and the transcripts behind them."""

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from app.api.access import CallerDep, PartsDep
from app.api.bodies import ReviewDecision, RunBody, RunPage, TranscriptBody
from app.api.documented import BODY, READ, problems
from app.api.requests import JsonRoute
from app.db import extractions, transcripts
from app.db.rows import columns
from app.errors import Conflict, NotFound
from app.extraction.record import as_answer

router = APIRouter(tags=["records"], route_class=JsonRoute)


@router.get("/extractions", response_model=RunPage, responses=problems(*READ))
async def list_extractions(
    parts: PartsDep,
    caller: CallerDep,
    state: Literal["running", "succeeded", "failed"] | None = None,
    review: Literal["pending", "not_required", "approved", "rejected"] | None = None,
    user_id: UUID | None = None,
    transcript_id: UUID | None = None,
    since: date | None = None,
    until: date | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """Newest first."""
    filters = {
        "state": state,
        "review": review,
        "user_id": user_id,
        "transcript_id": transcript_id,
        "since": since,
        "until": until,
    }
    async with parts.db.read(caller.organization_id) as session:
        page, following = await extractions.list_extractions(session, caller, filters, cursor, limit)
    return {"items": [as_answer(columns(row)) for row in page], "next_cursor": following}


@router.get("/extractions/{extraction_id}", response_model=RunBody, responses=problems(404, *READ))
async def get_extraction(extraction_id: UUID, parts: PartsDep, caller: CallerDep) -> dict[str, Any]:
    async with parts.db.read(caller.organization_id) as session:
        row = await extractions.find_extraction(session, caller, extraction_id)
    if row is None:
        raise NotFound("There is no extraction under that id.")
    return as_answer(columns(row))


@router.patch("/extractions/{extraction_id}", response_model=RunBody, responses=problems(404, *BODY))
async def review_extraction(
    extraction_id: UUID, decision: ReviewDecision, parts: PartsDep, caller: CallerDep
) -> dict[str, Any]:
    """Approves or rejects; an approved visit becomes context for later ones of the same clinician."""
    async with parts.db.write(caller.organization_id) as session:
        row = await extractions.find_extraction(session, caller, extraction_id)
        if row is None:
            raise NotFound("There is no extraction under that id.")
        if row.state != "succeeded":
            raise Conflict("Only a finished extraction can be reviewed.")
        review = {**row.review, "status": decision.status}
        await extractions.save_review(session, extraction_id, review)
    return as_answer({**columns(row), "review": review})


@router.get("/transcripts/{transcript_id}", response_model=TranscriptBody, responses=problems(404, *READ))
async def get_transcript(transcript_id: UUID, parts: PartsDep, caller: CallerDep) -> dict[str, Any]:
    """The text exactly as it came: the offsets of every quote point into it."""
    async with parts.db.read(caller.organization_id) as session:
        row = await transcripts.find_transcript(session, caller, transcript_id)
    if row is None:
        raise NotFound("There is no transcript under that id.")
    return columns(row)

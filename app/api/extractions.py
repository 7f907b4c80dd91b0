"""Stored runs, listed, and the transcripts behind them."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from app.api.access import CallerDep, PartsDep
from app.api.bodies import RunPage, TranscriptBody
from app.api.documented import READ, problems
from app.api.fields import WrittenDate
from app.api.list_bodies import SummaryPage
from app.api.requests import JsonRoute
from app.db import extractions, transcripts
from app.db.rows import columns
from app.errors import NotFound
from app.extraction.record import as_answer
from app.language.turns import split_turns

router = APIRouter(tags=["records"], route_class=JsonRoute)


@router.get("/extractions", response_model=RunPage | SummaryPage, responses=problems(*READ))
async def list_extractions(
    parts: PartsDep,
    caller: CallerDep,
    state: Literal["running", "succeeded", "failed"] | None = None,
    review: Literal["pending", "not_required", "approved", "rejected"] | None = None,
    confidence: Literal["high", "medium", "low"] | None = None,
    user_id: UUID | None = None,
    transcript_id: UUID | None = None,
    since: WrittenDate | None = None,
    until: WrittenDate | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    fields: Annotated[Literal["all", "summary"], Query(description="summary: what a list shows of each run")] = "all",
) -> dict[str, Any]:
    """Newest first."""
    filters = {
        "state": state,
        "review": review,
        "confidence": confidence,
        "user_id": user_id,
        "transcript_id": transcript_id,
        "since": since,
        "until": until,
    }
    async with parts.db.read(caller.organization_id) as session:
        page, following = await extractions.list_extractions(
            session, caller, filters, cursor, limit, whole=fields == "all"
        )
    parts.audit_log.note(caller, "read", "extractions", *(row.id for row in page))
    shown = map(columns, page)
    return {"items": [as_answer(run) for run in shown] if fields == "all" else [*shown], "next_cursor": following}


@router.get("/transcripts/{transcript_id}", response_model=TranscriptBody, responses=problems(404, *READ))
async def get_transcript(transcript_id: UUID, parts: PartsDep, caller: CallerDep) -> dict[str, Any]:
    """The text exactly as it came, into which the offsets of every quote point, and its turns."""
    async with parts.db.read(caller.organization_id) as session:
        row = await transcripts.find_transcript(session, caller, transcript_id)
    if row is None:
        raise NotFound("There is no transcript under that id.")
    parts.audit_log.note(caller, "read", "transcripts", transcript_id)
    return {**columns(row), "turns": [turn._asdict() for turn in split_turns(row.text)]}

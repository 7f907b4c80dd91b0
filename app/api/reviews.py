"""The review of one extraction: decisions on its items, the signature, and taking it back."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from app.api.access import Caller, CallerDep, PartsDep
from app.api.documented import BODY, READ, VERSIONED, problems
from app.api.requests import JsonRoute
from app.api.review_bodies import ItemDecision, ReviewChange, ReviewedRun
from app.api.versions import IfMatch, etag, mismatch, require_version
from app.db import audit
from app.db.reviews import find_review, save_change
from app.db.rows import AnyRow
from app.errors import NotFound
from app.parts import Parts
from app.review import changes
from app.review.changes import Asked, Change
from app.review.corrections import SelectedWords
from app.review.record import as_reviewed

router = APIRouter(tags=["review"], route_class=JsonRoute)


@router.get("/extractions/{extraction_id}", response_model=ReviewedRun, responses=problems(404, *READ))
async def get_extraction(extraction_id: UUID, response: Response, parts: PartsDep, caller: CallerDep) -> dict[str, Any]:
    """The extraction, and where its review stands."""
    run = await find(extraction_id, parts, caller)
    parts.audit_log.note(caller, "read", "extractions", run.id)
    return _shown(run, response)


@router.patch("/extractions/{extraction_id}", response_model=ReviewedRun, responses=problems(404, *VERSIONED, *BODY))
async def review_extraction(
    extraction_id: UUID,
    body: ReviewChange,
    response: Response,
    parts: PartsDep,
    caller: CallerDep,
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """Decides on items, all those given or none; or approves or rejects the whole visit as it stands.

    An approved visit becomes context for later ones of the same clinician.
    """
    run = await find(extraction_id, parts, caller)
    if body.decisions is not None or if_match is not None:
        require_version(if_match, run.version)
    if body.status is not None:
        return await _changed(run, changes.judge_whole(run, body.status, caller), response, parts, caller)
    asked = [_asked(decision) for decision in body.decisions or ()]
    # In a thread: holding an item against a long transcript takes its time.
    change = await asyncio.to_thread(changes.decide, run, asked, caller)
    return await _changed(run, change, response, parts, caller)


@router.post(
    "/extractions/{extraction_id}/finish", response_model=ReviewedRun, responses=problems(404, 409, *VERSIONED, *READ)
)
async def finish_review(
    extraction_id: UUID, response: Response, parts: PartsDep, caller: CallerDep, if_match: IfMatch = None
) -> dict[str, Any]:
    """Signs the review: approved, or rejected where every finding was; 409 names what has to be decided first."""
    return await _signed(extraction_id, lambda run: changes.finish(run, caller), response, parts, caller, if_match)


@router.post(
    "/extractions/{extraction_id}/reopen", response_model=ReviewedRun, responses=problems(404, 409, *VERSIONED, *READ)
)
async def reopen_review(
    extraction_id: UUID, response: Response, parts: PartsDep, caller: CallerDep, if_match: IfMatch = None
) -> dict[str, Any]:
    """Takes the signature back, so that items can be decided anew; the decisions stay."""
    return await _signed(extraction_id, changes.reopen, response, parts, caller, if_match)


async def _signed(
    extraction_id: UUID,
    change: Callable[[AnyRow], Change],
    response: Response,
    parts: Parts,
    caller: Caller,
    if_match: str | None,
) -> dict[str, Any]:
    run = await find(extraction_id, parts, caller)
    require_version(if_match, run.version)
    return await _changed(run, change(run), response, parts, caller)


async def find(extraction_id: UUID, parts: Parts, caller: Caller) -> AnyRow:
    async with parts.db.read(caller.organization_id) as session:
        run = await find_review(session, caller, extraction_id)
    if run is None:
        raise NotFound("There is no extraction under that id.")
    return run


async def _changed(run: AnyRow, change: Change, response: Response, parts: Parts, caller: Caller) -> dict[str, Any]:
    """Writes the change, unless the run is no longer what it was made of, and shows the run as it is then."""
    async with parts.db.write(caller.organization_id) as session:
        saved = await save_change(session, run, change.values, change.decisions)
        if saved:
            await audit.record(session, caller, "correct", "extractions", run.id)
    now = await find(run.id, parts, caller)
    if not saved:
        raise mismatch(now.version)
    return _shown(now, response)


def _shown(run: AnyRow, response: Response) -> dict[str, Any]:
    response.headers.update(etag(run.version))
    return as_reviewed(run)


def _asked(body: ItemDecision) -> Asked:
    return Asked(
        action=body.action,
        item_id=str(body.item_id) if body.item_id else None,
        category=body.category,
        after=body.after or {},
        evidence=[SelectedWords(words.start, words.end, words.quote) for words in body.evidence or ()],
        seconds=body.seconds,
    )

"""Finding visits again: by meaning over one's own, and those that are like one that is open."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request

from app.api.access import CallerDep, PartsDep, SpenderDep, spend_tokens
from app.api.documented import MODEL, READ, problems
from app.api.list_bodies import FoundVisits
from app.api.vectors import vector_of
from app.db.rows import columns
from app.db.run_summaries import search_visits, similar_visits
from app.errors import NotFound

router = APIRouter(tags=["records"])
Words = Annotated[
    str, Query(min_length=1, max_length=1000, pattern=r"[\p{L}\p{N}]", description="What to look for, in any words.")
]
Limit = Annotated[int, Query(ge=1, le=50)]


@router.get("/search", response_model=FoundVisits, responses=problems(*READ, *MODEL))
async def search(
    q: Words, request: Request, parts: PartsDep, caller: SpenderDep, user_id: UUID | None = None, limit: Limit = 10
) -> dict[str, Any]:
    """Visits by meaning, nearest first: what was said and what was found are both looked through.

    One clinician's with `user_id`, or the caller's own; else those of the whole organization.
    """
    embedded = await vector_of(q, parts, caller, "search_embedding", lasting=False)
    spend_tokens(request, embedded.tokens)
    owner, model = user_id or caller.user_id, parts.embedder.model
    async with parts.db.read(caller.organization_id) as session:
        found = await search_visits(session, caller, owner, model, embedded.vector, limit)
    parts.audit_log.note(caller, "read", "extractions", *(row.id for row in found))
    return {"items": [columns(row) for row in found]}


@router.get("/extractions/{extraction_id}/similar", response_model=FoundVisits, responses=problems(404, *READ))
async def get_similar(extraction_id: UUID, parts: PartsDep, caller: CallerDep, limit: Limit = 10) -> dict[str, Any]:
    """The same clinician's other visits, the most alike first; none where the visit's vector could not be made."""
    async with parts.db.read(caller.organization_id) as session:
        found = await similar_visits(session, caller, extraction_id, limit)
    if found is None:
        raise NotFound("There is no extraction under that id.")
    parts.audit_log.note(caller, "read", "extractions", *(row.id for row in found))
    return {"items": [columns(row) for row in found]}

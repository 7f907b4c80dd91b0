"""Phase `open_run`: clinician, transcript and run are written and committed before money is spent."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from app.db import extractions
from app.db.caller import Caller
from app.db.engine import Changing, Database
from app.db.retried import retried_once
from app.db.users import find_or_create_user
from app.extraction.context import Context
from app.extraction.visit import Visit

Link = Callable[[AsyncConnection, UUID], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Run:
    """The ids of what was opened, and when (aware UTC)."""

    id: UUID
    organization_id: UUID
    transcript_id: UUID
    user_id: UUID
    created_at: datetime


async def open_run(db: Database, visit: Visit, caller: Caller, context: Context, link: Link | None = None) -> Run:
    """One statement, or one transaction for a new clinician or with a `link`, which is called in it with the run's id.

    All at once, since a later one could not see a parent that is not committed; tried again if it is cut off.
    """
    run_id, transcript_id, now = uuid7(), visit.stored_id or uuid7(), datetime.now(UTC)
    organization_id = visit.clinician.organization_id
    is_second_try = False

    async def write(session: Changing, user_id: UUID) -> UUID:
        run = {
            "id": run_id,
            "organization_id": organization_id,
            "user_id": user_id,
            "transcript_id": transcript_id,
            "request": _request(visit),
            "created_at": now,
        }
        transcript = None if visit.stored_id else _transcript(visit, transcript_id, user_id)
        await extractions.open_run(session, caller, run, transcript)
        return user_id

    async def transaction() -> UUID:
        nonlocal is_second_try
        if context.user_id is not None and link is None and not is_second_try:
            is_second_try = True
            return await write(db.change(), context.user_id)
        async with db.write(organization_id) as session:
            user_id = context.user_id or await find_or_create_user(session, visit.clinician)
            if is_second_try and await extractions.is_stored(session, run_id):
                return user_id  # the first was cut off after its commit had gone through
            is_second_try = True
            await write(session, user_id)
            if link is not None:
                await link(session, run_id)
        return user_id

    return Run(run_id, organization_id, transcript_id, await retried_once(transaction), now)


def _transcript(visit: Visit, transcript_id: UUID, user_id: UUID) -> dict[str, Any]:
    return {
        "id": transcript_id,
        "organization_id": visit.clinician.organization_id,
        "user_id": user_id,
        "text": visit.text,
        "notes": visit.notes,
        "content_hash": visit.content_hash,
        "visit_date": visit.visit_date,
    }


def _request(visit: Visit) -> dict[str, Any]:
    return {
        "sop_ids": [str(sop_id) for sop_id in visit.sop_ids],
        "custom_categories": [
            {"name": category.name, "description": category.description} for category in visit.custom_categories
        ],
        "visit_date": visit.visit_date.isoformat() if visit.visit_date else None,
    }

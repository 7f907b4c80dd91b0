"""Transcripts: what was said at a visit, exactly as it came."""

import hashlib
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.caller import Caller
from app.db.rows import AnyRow
from app.db.tables import transcripts


def content_hash(normalised: str) -> str:
    """What makes two transcripts the same visit: the words, whatever the white space and case. Of a normalised text."""
    return hashlib.sha256(normalised.casefold().encode()).hexdigest()


async def find_transcript(session: AsyncConnection, caller: Caller, transcript_id: UUID) -> AnyRow | None:
    query = select(transcripts).where(transcripts.c.id == transcript_id, caller.may_reach(transcripts))
    return (await session.execute(query)).one_or_none()

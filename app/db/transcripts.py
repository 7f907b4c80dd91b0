"""Transcripts: what was said at a visit, exactly as it came."""

import hashlib
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.rows import AnyRow
from app.db.tables import transcripts, users


def content_hash(text: str) -> str:
    """What makes two transcripts the same visit: the words, whatever the white space and case."""
    return hashlib.sha256(" ".join(text.split()).casefold().encode()).hexdigest()


async def find_transcript(session: AsyncSession, organization_id: UUID, transcript_id: UUID) -> AnyRow | None:
    query = select(transcripts).join(users, transcripts.c.user_id == users.c.id)
    query = query.where(transcripts.c.id == transcript_id, users.c.organization_id == organization_id)
    return (await session.execute(query)).one_or_none()

"""Finds and deletes visits with all that hangs on them: runs, reviews and vectors go with the transcript's row."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, delete, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.rows import AnyRow
from app.db.tables import extractions, test_cases, transcripts, users


def with_id(transcript_id: UUID) -> ColumnElement[bool]:
    """The condition that a transcript is that one."""
    return transcripts.c.id == transcript_id


def of_user(user_id: UUID) -> ColumnElement[bool]:
    return transcripts.c.user_id == user_id


def older_than(days: int) -> ColumnElement[bool]:
    """Counted from when the visit was stored, not from when it was held."""
    return transcripts.c.created_at < datetime.now(UTC) - timedelta(days=days)


async def find_visits(session: AsyncConnection, which: ColumnElement[bool], limit: int) -> Sequence[AnyRow]:
    """`(id, organization_id, content_hash, text)`, oldest first; locked until the transaction ends."""
    columns = (transcripts.c.id, transcripts.c.organization_id, transcripts.c.content_hash, transcripts.c.text)
    oldest = select(*columns).where(which).order_by(transcripts.c.id).limit(limit)
    return (await session.execute(oldest.with_for_update())).all()


async def results_of(session: AsyncConnection, visits: Sequence[AnyRow]) -> Sequence[AnyRow]:
    """`(organization_id, result)` of the visits' runs that have one."""
    own = extractions.c.transcript_id.in_([visit.id for visit in visits]) & extractions.c.result.is_not(None)
    return (await session.execute(select(extractions.c.organization_id, extractions.c.result).where(own))).all()


async def delete_visits(session: AsyncConnection, visits: Sequence[AnyRow]) -> Sequence[AnyRow]:
    """Deletes them, and the gold cases with the same text, whose `(id, organization_id)` come back."""
    await session.execute(delete(transcripts).where(transcripts.c.id.in_([visit.id for visit in visits])))
    same_text = tuple_(test_cases.c.organization_id, test_cases.c.content_hash)
    copies = delete(test_cases).where(same_text.in_([(visit.organization_id, visit.content_hash) for visit in visits]))
    return (await session.execute(copies.returning(test_cases.c.id, test_cases.c.organization_id))).all()


async def find_users(session: AsyncConnection, name: str) -> Sequence[AnyRow]:
    """`(id, organization_id)` of the clinicians with that id, e-mail or external id, in every organization."""
    named = or_(
        cast(users.c.id, Text) == name.casefold(),
        users.c.external_id == name,
        func.lower(users.c.email) == func.lower(name),
    )
    return (await session.execute(select(users.c.id, users.c.organization_id).where(named))).all()


async def delete_user(session: AsyncConnection, user_id: UUID) -> None:
    """The clinician's row with what is left under it; the visits were erased before."""
    await session.execute(delete(users).where(users.c.id == user_id))

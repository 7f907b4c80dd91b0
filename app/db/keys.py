"""API keys and sessions as the database has them: hashes, whom they stand for, and until when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.db.access_tables import api_keys, sessions
from app.db.rows import AnyRow
from app.db.tables import organizations, users


def _is_live() -> ColumnElement[bool]:
    return api_keys.c.revoked_at.is_(None) & (api_keys.c.expires_at > func.now())


async def create_key(session: AsyncConnection, values: dict[str, Any]) -> AnyRow:
    created: AnyRow = (await session.execute(insert(api_keys).values(values).returning(api_keys))).one()
    return created


async def find_key(session: AsyncConnection, public_id: str) -> AnyRow | None:
    """The key of that id, whatever has become of it."""
    return (await session.execute(select(api_keys).where(api_keys.c.public_id == public_id))).one_or_none()


async def find_live_key(session: AsyncConnection, public_id: str) -> AnyRow | None:
    query = select(api_keys).where(api_keys.c.public_id == public_id, _is_live())
    return (await session.execute(query)).one_or_none()


async def list_keys(session: AsyncConnection, organization_id: UUID | None) -> Sequence[AnyRow]:
    """Newest first, with the e-mail of a clinician's key."""
    query = select(api_keys, users.c.email).join(users, users.c.id == api_keys.c.user_id, isouter=True)
    if organization_id is not None:
        query = query.where(api_keys.c.organization_id == organization_id)
    return (await session.execute(query.order_by(api_keys.c.id.desc()))).all()


async def revoke_key(session: AsyncConnection, public_id: str) -> bool:
    """Whether there is such a key; one revoked before stays as it is."""
    revoked = update(api_keys).where(api_keys.c.public_id == public_id)
    revoked = revoked.values(revoked_at=func.coalesce(api_keys.c.revoked_at, func.now()))
    return (await session.execute(revoked.returning(api_keys.c.id))).one_or_none() is not None


async def end_key_at(session: AsyncConnection, public_id: str, moment: datetime) -> None:
    """Never later than it would have ended anyhow."""
    sooner = func.least(api_keys.c.expires_at, moment)
    await session.execute(update(api_keys).where(api_keys.c.public_id == public_id).values(expires_at=sooner))


async def create_session(session: AsyncConnection, values: dict[str, Any]) -> None:
    """Also forgets those that have ended."""
    await session.execute(delete(sessions).where(sessions.c.expires_at < func.now()))
    await session.execute(insert(sessions).values(values))


async def find_live_session(session: AsyncConnection, token_hash: bytes) -> AnyRow | None:
    """With the limits of the key that it was opened with, which must still be live itself."""
    query = select(sessions, api_keys.c.requests_per_minute, api_keys.c.tokens_per_day)
    query = query.join(api_keys, api_keys.c.id == sessions.c.key_id, isouter=True)
    query = query.where(sessions.c.token_hash == token_hash, sessions.c.expires_at > func.now())
    return (await session.execute(query.where(sessions.c.key_id.is_(None) | _is_live()))).one_or_none()


async def end_session(session: AsyncConnection, token_hash: bytes) -> None:
    await session.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


async def create_organization(session: AsyncConnection, name: str) -> UUID:
    created = insert(organizations).values(name=name).returning(organizations.c.id)
    return UUID(str(await session.scalar(created)))


async def list_organizations(session: AsyncConnection) -> Sequence[AnyRow]:
    return (await session.execute(select(organizations).order_by(organizations.c.id))).all()


async def organization_exists(session: AsyncConnection, organization_id: UUID) -> bool:
    query = select(organizations.c.id).where(organizations.c.id == organization_id)
    return (await session.scalar(query)) is not None

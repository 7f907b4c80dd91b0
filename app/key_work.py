"""Makes, lists, ends and replaces API keys in the database of the settings."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.access.tokens import new_key, stored_hash
from app.db import keys
from app.db.rows import AnyRow, columns
from app.db.users import Clinician, find_or_create_user
from app.main import open_database
from app.settings import Role, Settings


class PepperMissing(RuntimeError):
    """KEY_PEPPER is empty: put at least 32 random characters there, such as `openssl rand -hex 32` gives."""


class OrganizationUnknown(RuntimeError):
    """There is no organization with that id: `medextract organizations list` shows them."""


async def create(
    settings: Settings,
    organization_id: UUID,
    name: str,
    role: Role,
    email: str | None,
    days: float,
    limits: Mapping[str, int | None],
) -> dict[str, Any]:
    """The new key's columns, and as `key` the key itself. Raises `PepperMissing` or `OrganizationUnknown`."""
    pepper = _pepper(settings)
    async with open_database(settings) as db, db.across_organizations() as session:
        if not await keys.organization_exists(session, organization_id):
            raise OrganizationUnknown(OrganizationUnknown.__doc__)
        user_id = await find_or_create_user(session, Clinician(organization_id, email)) if email else None
        like = {"organization_id": organization_id, "name": name, "role": role, "user_id": user_id, **limits}
        return await _make(session, like, days, pepper)


async def listed(settings: Settings, organization_id: UUID | None) -> list[dict[str, Any]]:
    """Without the hashes, and with `state`: live, expired or revoked."""
    async with open_database(settings) as db, db.across_organizations() as session:
        return [_shown(row) for row in await keys.list_keys(session, organization_id)]


async def revoke(settings: Settings, public_id: str) -> bool:
    async with open_database(settings) as db, db.across_organizations() as session:
        return await keys.revoke_key(session, public_id)


async def rotate(settings: Settings, public_id: str, overlap_hours: float, days: float) -> dict[str, Any] | None:
    """The key that takes the other's place, None where no live key has that id. Raises `PepperMissing`."""
    pepper = _pepper(settings)
    async with open_database(settings) as db, db.across_organizations() as session:
        old = await keys.find_live_key(session, public_id)
        if old is None:
            return None
        names = ("organization_id", "name", "role", "user_id", "requests_per_minute", "tokens_per_day")
        made = await _make(session, {name: columns(old)[name] for name in names}, days, pepper)
        await keys.end_key_at(session, public_id, datetime.now(UTC) + timedelta(hours=overlap_hours))
        return made


async def _make(session: Any, like: dict[str, Any], days: float, pepper: str) -> dict[str, Any]:
    key, now = new_key(), datetime.now(UTC)
    own = {"public_id": key.public_id, "secret_hash": stored_hash(str(key), pepper), "created_at": now}
    row = await keys.create_key(session, {**like, **own, "expires_at": now + timedelta(days=days)})
    return {**_shown(row), "key": str(key)}


def _shown(row: AnyRow) -> dict[str, Any]:
    state = "live" if row.expires_at > datetime.now(UTC) else "expired"
    shown = {name: value for name, value in columns(row).items() if name != "secret_hash"}
    return {**shown, "state": "revoked" if row.revoked_at else state}


def _pepper(settings: Settings) -> str:
    if settings.key_pepper is None:
        raise PepperMissing(PepperMissing.__doc__)
    return settings.key_pepper.get_secret_value()

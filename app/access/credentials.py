"""Turns what a request shows, a key, a bearer token or a session, into the caller that it stands for."""

import hmac
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.access.oidc import IdentityProvider
from app.access.tokens import KeyToken, as_key, new_session_token, stored_hash
from app.db import keys
from app.db.caller import Caller
from app.db.engine import Database
from app.db.rows import AnyRow
from app.errors import Unauthorized
from app.settings import Settings

# Entries are small and short-lived; more than this many different callers in one lifetime are looked up again.
_REMEMBERED_AT_MOST = 10_000
_NO_HASH = bytes(32)


@dataclass(frozen=True, slots=True)
class Credential:
    """A caller with its limits (0: none), the key behind it, if one is, and until when it is good."""

    caller: Caller
    requests_per_minute: int
    tokens_per_day: int
    key_id: UUID | None
    expires_at: datetime


class Credentials:
    """Looks credentials up, and remembers the good ones for AUTH_CACHE_S: so long a revoked one may still be taken."""

    def __init__(self, db: Database, settings: Settings, provider: IdentityProvider | None) -> None:
        self._db, self._settings, self._provider = db, settings, provider
        self._pepper = settings.key_pepper.get_secret_value() if settings.key_pepper else ""
        self._remembered: dict[bytes, tuple[float, Credential]] = {}

    async def of_token(self, token: str) -> Credential:
        """Of an API key or a bearer token. Raises `Unauthorized`, which does not tell why."""
        key = as_key(token)
        name = stored_hash(token, self._pepper)
        known = self._recall(name)
        if known is None:
            known = await (self._of_key(key, name) if key else self._of_bearer(token))
            self._remember(name, known)
        return known

    async def of_session(self, token: str) -> Credential:
        """Raises `Unauthorized`."""
        name = stored_hash(token, self._pepper)
        known = self._recall(name)
        if known is None:
            async with self._db.across_organizations() as session:
                row = await keys.find_live_session(session, name)
            if row is None:
                raise Unauthorized()
            known = self._credential(row, row.actor, row.key_id)
            self._remember(name, known)
        return known

    async def open_session(self, credential: Credential) -> tuple[str, datetime]:
        """A session's token, which is stored only as a hash, and when it ends: never after what it was opened with."""
        token, now = new_session_token(), datetime.now(UTC)
        ends = now + timedelta(hours=self._settings.session_hours)
        if credential.key_id is not None:
            ends = min(ends, credential.expires_at)
        values = {
            "organization_id": credential.caller.organization_id,
            "user_id": credential.caller.user_id,
            "token_hash": stored_hash(token, self._pepper),
            "key_id": credential.key_id,
            "role": credential.caller.role,
            "actor": credential.caller.actor,
            "created_at": now,
            "expires_at": ends,
        }
        async with self._db.across_organizations() as session:
            await keys.create_session(session, values)
        return token, ends

    async def close_session(self, token: str) -> None:
        name = stored_hash(token, self._pepper)
        self._remembered.pop(name, None)
        async with self._db.across_organizations() as session:
            await keys.end_session(session, name)

    async def _of_key(self, key: KeyToken, name: bytes) -> Credential:
        async with self._db.across_organizations() as session:
            row = await keys.find_live_key(session, key.public_id)
        # Compared even where there is nothing to compare with, so that time does not tell an unknown id from a secret.
        if not hmac.compare_digest(row.secret_hash if row else _NO_HASH, name) or row is None:
            raise Unauthorized()
        return self._credential(row, f"key:{key.public_id}", row.id)

    async def _of_bearer(self, token: str) -> Credential:
        if self._provider is None:
            raise Unauthorized()
        identity = await self._provider.verified(token)
        caller = await self._provider.caller_of(identity, self._db)
        settings = self._settings
        return Credential(caller, settings.requests_per_minute, settings.tokens_per_day, None, identity.expires_at)

    def _credential(self, row: AnyRow, actor: str, key_id: UUID | None) -> Credential:
        caller = Caller(row.organization_id, row.role, row.user_id, actor)
        requests, tokens = row.requests_per_minute, row.tokens_per_day
        return Credential(
            caller,
            self._settings.requests_per_minute if requests is None else requests,
            self._settings.tokens_per_day if tokens is None else tokens,
            key_id,
            row.expires_at,
        )

    def _recall(self, name: bytes) -> Credential | None:
        until, credential = self._remembered.get(name, (0.0, None))
        return credential if time.monotonic() < until else None

    def _remember(self, name: bytes, credential: Credential) -> None:
        left = (credential.expires_at - datetime.now(UTC)).total_seconds()
        if len(self._remembered) >= _REMEMBERED_AT_MOST:
            self._remembered.clear()
        self._remembered[name] = (time.monotonic() + min(left, self._settings.auth_cache_s), credential)

"""Bearer tokens of an OpenID Connect provider: signature, claims, and whom of ours they name."""

import asyncio
import time
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import KeySet

from app.db.caller import Caller
from app.db.engine import Database
from app.db.keys import organization_exists
from app.db.users import Clinician, find_or_create_user
from app.errors import Problem, Unauthorized
from app.settings import Settings

# Asymmetric ones alone: with a shared secret, whoever can check a token can also make one.
ALGORITHMS = ["RS256", "ES256", "Ed25519", "EdDSA"]
_LEEWAY_S = 30
_LONGEST_TOKEN = 8192
_FETCH_TIMEOUT_S = 5.0
_FETCH_LIMIT_BYTES = 200_000
# Keys are good for so long, and an unknown key id asks for them anew at most so often.
_KEYS_KEPT_S = 3600
_REFETCH_AFTER_S = 60


class AccessUnavailable(Problem):
    """The identity provider's keys cannot be had, so that its tokens cannot be checked."""

    status, slug, title, retryable = 503, "access-unavailable", "Access check unavailable", True


@dataclass(frozen=True, slots=True)
class Identity:
    """What a verified token says."""

    subject: str
    claims: dict[str, Any]
    expires_at: datetime


class IdentityProvider:
    """One issuer, its keys kept in memory and fetched in bounded time, size and number."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys: KeySet | None = None
        self._fetched = -_KEYS_KEPT_S * 1.0
        self._fetching = asyncio.Lock()
        self._claims = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": settings.oidc_issuer or ""},
            aud={"essential": True, "value": settings.oidc_audience or ""},
            exp={"essential": True},
            sub={"essential": True},
        )

    async def verified(self, token: str) -> Identity:
        """Raises `Unauthorized`, or `AccessUnavailable` while the provider's keys cannot be had."""
        if len(token) > _LONGEST_TOKEN or token.count(".") != 2:
            raise Unauthorized()
        claims = self._checked(token, await self._known_keys())
        if claims is None:
            claims = self._checked(token, await self._newer_keys())
        if claims is None:
            raise Unauthorized()
        return Identity(str(claims["sub"]), claims, datetime.fromtimestamp(claims["exp"] + _LEEWAY_S, UTC))

    async def caller_of(self, identity: Identity, db: Database) -> Caller:
        """The organization and role of its claims; a clinician is found by e-mail. Raises `Unauthorized`."""
        organization_id, role = self._organization(identity.claims), self._role(identity.claims)
        actor = f"oidc:{identity.subject}"
        if role != "clinician":
            async with db.across_organizations() as session:
                if not await organization_exists(session, organization_id):
                    raise Unauthorized()
            return Caller(organization_id, role, None, actor)
        email = identity.claims.get(self._settings.oidc_user_claim)
        if not isinstance(email, str) or "@" not in email or identity.claims.get("email_verified") is False:
            raise Unauthorized()
        async with db.across_organizations() as session:
            if not await organization_exists(session, organization_id):
                raise Unauthorized()
            user_id = await find_or_create_user(session, Clinician(organization_id, email))
        return Caller(organization_id, role, user_id, actor)

    def _organization(self, claims: dict[str, Any]) -> UUID:
        try:
            return UUID(str(claims.get(self._settings.oidc_organization_claim)))
        except ValueError:
            raise Unauthorized() from None

    def _role(self, claims: dict[str, Any]) -> Any:
        """Exactly one of the token's roles must be one of ours."""
        given = claims.get(self._settings.oidc_role_claim)
        names = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        ours = {role for name, role in self._settings.oidc_roles.items() if name in names}
        if len(ours) != 1:
            raise Unauthorized()
        return ours.pop()

    def _checked(self, token: str, known: KeySet) -> dict[str, Any] | None:
        """The claims, None where no key of ours fits; raises `Unauthorized` for claims that do not hold."""
        try:
            with warnings.catch_warnings():
                # Of the name alone: providers still call Ed25519 EdDSA (RFC 9864).
                warnings.simplefilter("ignore", SecurityWarning)
                claims = jwt.decode(token, known, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, KeyError, TypeError):
            return None
        try:
            self._claims.validate(claims)
        except (JoseError, ValueError, TypeError):
            raise Unauthorized() from None
        return claims

    async def _known_keys(self) -> KeySet:
        if self._keys is None or time.monotonic() > self._fetched + _KEYS_KEPT_S:
            return await self._newer_keys()
        return self._keys

    async def _newer_keys(self) -> KeySet:
        async with self._fetching:
            if self._keys is not None and time.monotonic() < self._fetched + _REFETCH_AFTER_S:
                return self._keys
            self._fetched = time.monotonic()
            try:
                self._keys = KeySet.import_key_set(await self._fetch())
            except (httpx.HTTPError, TimeoutError, JoseError, ValueError, KeyError, TypeError):
                if self._keys is None:
                    self._fetched = -_KEYS_KEPT_S * 1.0
                    raise AccessUnavailable(retry_after_s=5) from None
            return self._keys

    async def _fetch(self) -> Any:
        received = b""
        async with (
            asyncio.timeout(_FETCH_TIMEOUT_S),
            httpx.AsyncClient(follow_redirects=False) as client,
            client.stream("GET", str(self._settings.oidc_jwks_url)) as response,
        ):
            if response.status_code != 200:
                raise ValueError("the provider's keys are not there")
            async for chunk in response.aiter_bytes():
                received += chunk
                if len(received) > _FETCH_LIMIT_BYTES:
                    raise ValueError("the provider's keys are too long")
        return orjson.loads(received)

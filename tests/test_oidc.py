"""Bearer tokens of an OpenID Connect provider, a real one on a loopback address: what is taken, and what is not."""

import hmac
import time
import uuid
import warnings
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from sqlalchemy.engine import URL
from starlette.types import Receive, Scope, Send

from app.db.tables import LOCAL_ORGANIZATION
from tests.access import bearing, key_for, keys_settings
from tests.conftest import VISIT, Service, running_service, serving

AUDIENCE = "medextract"


@dataclass
class Issuer:
    """Serves its public keys, and signs; the keys can be changed while it runs."""

    keys: list[Any] = field(default_factory=list)
    url: str = ""
    asked: int = 0
    status: int = 200
    padding: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        body = orjson.dumps({**KeySet(self.keys).as_dict(private=False), "padding": "x" * self.padding})
        headers = [(b"location", b"/elsewhere")] if self.status == 302 else []
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def token(self, key: Any, algorithm: str, **claims: Any) -> str:
        """One that is good, but for the claims given; None leaves one out."""
        now = int(time.time())
        good = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "someone",
            "iat": now,
            "exp": now + 300,
            "organization": str(LOCAL_ORGANIZATION),
            "role": "integration",
        }
        whole = {name: value for name, value in {**good, **claims}.items() if value is not None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)
            return jwt.encode({"alg": algorithm, "kid": key.kid}, whole, key, algorithms=[algorithm])


RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
KINDS = {
    "RS256": RSA,
    "ES256": ECKey.generate_key("P-256", {"kid": "ec"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "okp"}),
}


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    opened = Issuer(list(KINDS.values()))
    async with serving(opened) as url:
        opened.url = url
        yield opened


@pytest.fixture
async def service(database_url: URL, issuer: Issuer) -> AsyncIterator[Service]:
    own = {"auth": "oidc", "oidc_issuer": issuer.url, "oidc_audience": AUDIENCE, "oidc_jwks_url": f"{issuer.url}/jwks"}
    async with running_service(keys_settings(database_url, **own)) as opened:
        yield opened


async def who(service: Service, token: str) -> tuple[int, dict[str, Any]]:
    answer = await service.client.get("/session", headers=bearing(token))
    return answer.status_code, answer.json()


@pytest.mark.parametrize("algorithm", KINDS)
async def test_a_token_of_each_kind_is_taken(service: Service, issuer: Issuer, algorithm: str) -> None:
    status, caller = await who(service, issuer.token(KINDS[algorithm], algorithm))
    assert (status, caller["role"], caller["actor"]) == (200, "integration", "oidc:someone")
    assert caller["organization_id"] == str(LOCAL_ORGANIZATION)
    run = await service.client.post(
        "/extract", json={"transcript": VISIT}, headers=bearing(issuer.token(KINDS[algorithm], algorithm))
    )
    assert run.status_code == 201


NOT_GOOD: dict[str, dict[str, Any]] = {
    "of another issuer": {"iss": "https://evil.example"},
    "for another audience": {"aud": "other"},
    "for nobody": {"aud": None},
    "expired": {"exp": int(time.time()) - 3600},
    "without an end": {"exp": None},
    "not yet good": {"nbf": int(time.time()) + 3600},
    "of nobody": {"sub": None},
    "of no organization": {"organization": None},
    "of an organization that is none": {"organization": "clinic"},
    "of an unknown organization": {"organization": str(uuid.uuid4())},
    "without a role": {"role": None},
    "with an unknown role": {"role": "superuser"},
    "with two roles": {"role": ["ops", "admin"]},
    "a clinician without an address": {"role": "clinician"},
    "a clinician whose address is not verified": {"role": "clinician", "email": "a@b.example", "email_verified": False},
}


@pytest.mark.parametrize("claims", NOT_GOOD.values(), ids=NOT_GOOD)
async def test_claims_that_do_not_hold(service: Service, issuer: Issuer, claims: dict[str, Any]) -> None:
    assert (await who(service, issuer.token(RSA, "RS256", **claims)))[0] == 401


async def test_signatures_that_do_not_hold(service: Service, issuer: Issuer) -> None:
    good = issuer.token(RSA, "RS256")
    head, claims, signature = good.split(".")
    shared = f"{_encoded(orjson.dumps({'alg': 'HS256', 'kid': 'rsa'}))}.{claims}"
    as_secret = hmac.digest(RSA.as_pem(private=False), shared.encode(), "sha256")
    other = RSAKey.generate_key(2048, {"kid": "rsa"})
    unsigned = orjson.dumps({"alg": "none"})
    forged = (
        f"{head}.{claims}.{signature[:-8]}AAAAAAAA",
        f"{_encoded(unsigned)}.{claims}.",
        f"{shared}.{_encoded(as_secret)}",  # the public key taken for a shared secret
        issuer.token(other, "RS256"),
        issuer.token(RSA, "RS384"),
        good + "x" * 9000,
        "a.b.c",
    )
    assert [(await who(service, token))[0] for token in forged] == [401] * len(forged)
    assert (await who(service, good))[0] == 200


def _encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


async def test_a_clinician_is_found_by_address(service: Service, issuer: Issuer) -> None:
    email = f"{uuid.uuid4().hex}@clinic.example"
    token = issuer.token(RSA, "RS256", role="clinician", email=email)
    _, caller = await who(service, token)
    own = await service.client.post(
        "/extract", json={"transcript": VISIT, "user": {"email": email}}, headers=bearing(token)
    )
    assert (own.status_code, own.json()["user_id"]) == (201, caller["user_id"])
    other = {"transcript": VISIT, "user": {"email": "other@clinic.example"}}
    assert (await service.client.post("/extract", json=other, headers=bearing(token))).status_code == 403


async def test_keys_are_taken_beside_tokens(service: Service) -> None:
    assert (await who(service, await key_for(service.parts.settings, "ops")))[0] == 200


async def test_unknown_keys_do_not_make_it_ask_again_and_again(service: Service, issuer: Issuer) -> None:
    stranger = RSAKey.generate_key(2048, {"kid": "stranger"})
    for _ in range(5):
        assert (await who(service, issuer.token(stranger, "RS256")))[0] == 401
    assert issuer.asked == 1


@pytest.mark.parametrize("fault", [{"status": 302}, {"status": 500}, {"padding": 300_000}, {"keys": []}])
async def test_a_provider_that_does_not_give_its_keys(service: Service, issuer: Issuer, fault: dict[str, Any]) -> None:
    known = issuer.keys
    for name, value in fault.items():
        setattr(issuer, name, value)
    status, problem = await who(service, issuer.token(RSA, "RS256"))
    assert (status, problem["retryable"]) == (503, True)
    assert problem["type"].endswith("access-unavailable")
    issuer.status, issuer.padding, issuer.keys = 200, 0, known
    assert (await who(service, issuer.token(RSA, "RS256")))[0] == 200

"""Credentials for tests: keys of any role and organization, and a service that asks for them."""

import uuid
from typing import Any
from uuid import UUID

from sqlalchemy.engine import URL

from app.access.tokens import new_key
from app.db import keys
from app.db.tables import LOCAL_ORGANIZATION
from app.key_work import create
from app.settings import Role, Settings
from tests.conftest import VISIT, Service, settings_for

PEPPER = "a pepper of tests, long enough to be one"


def keys_settings(url: URL, **overrides: Any) -> Settings:
    """Settings that ask for keys, and look at each one anew."""
    return settings_for(url, **{"auth": "keys", "key_pepper": PEPPER, "auth_cache_s": 0, **overrides})


async def key_for(
    settings: Settings, role: Role, organization_id: UUID = LOCAL_ORGANIZATION, days: float = 1, **limits: int
) -> str:
    """A new key; a clinician's is that of a clinician of its own."""
    email = f"{uuid.uuid4().hex}@clinic.example" if role == "clinician" else None
    made = await create(settings, organization_id, "test", role, email, days, limits)
    return str(made["key"])


def bearing(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def id_of(key: str) -> str:
    return key.split("_")[1]


async def bad_credentials(settings: Settings, service: Service) -> dict[str, dict[str, Any]]:
    """Headers that must not open anything, by what is wrong with them."""
    good, expired, revoked = [await key_for(settings, "admin", days=days) for days in (1, -1, 1)]
    async with service.parts.db.across_organizations() as session:
        await keys.revoke_key(session, id_of(revoked))
    return {
        "none": {},
        "another scheme": {"Authorization": f"Basic {good}"},
        "malformed": bearing("mx_short"),
        "not ASCII": {"Authorization": "Bearer \u00e9".encode("latin-1")},
        "unknown": bearing(str(new_key())),
        "wrong secret": bearing(good[:-4] + ("aaaa" if good[-4:] != "aaaa" else "bbbb")),
        "expired": bearing(expired),
        "revoked": bearing(revoked),
        "a session that never was": {"Cookie": "medextract_session=nothing"},
    }


async def other_organization(service: Service) -> UUID:
    async with service.parts.db.across_organizations() as session:
        return await keys.create_organization(session, "another clinic")


async def records_of(service: Service, key: str) -> dict[str, str]:
    """One record of each kind that its owner made with the key, by the name of its id in a path."""
    posts: dict[str, tuple[str, dict[str, Any]]] = {
        "sop_id": ("/sops", {"title": "Fever", "content": "1. Ask how long it has lasted."}),
        "case_id": (
            "/test-cases",
            {
                "title": "Cough",
                "transcript": "Doctor: Drink tea.",
                "expected": {"patient_reminders": [{"description": "tea"}]},
            },
        ),
        "extraction_id": ("/extract", {"transcript": VISIT}),
    }
    made: dict[str, str] = {}
    for name, (path, body) in posts.items():
        answer = await service.client.post(path, json=body, headers=bearing(key))
        assert answer.status_code == 201, answer.text
        made[name] = answer.json()["id"]
        made |= {"transcript_id": answer.json()["transcript_id"]} if name == "extraction_id" else {}
    return made

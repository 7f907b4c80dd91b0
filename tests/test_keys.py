"""API keys: made, listed, rotated and revoked by command; sessions of the pages; limits."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.engine import URL
from typer.testing import CliRunner

from app.access.tokens import as_key
from app.cli import cli
from app.db.access_tables import api_keys, sessions
from app.db.keys import revoke_key
from tests.access import PEPPER, bearing, id_of, key_for, keys_settings
from tests.conftest import VISIT, OpenService, Service, running_service
from tests.scripted_provider import ScriptedProvider

OWN_PAGE = {"Origin": "http://test"}


@pytest.fixture
async def service(database_url: URL) -> Any:
    async with running_service(keys_settings(database_url)) as opened:
        yield opened


async def command(url: URL, *words: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, output and errors of `medextract` with a pepper; in a thread, since a command runs its own loop."""
    own = {"DATABASE_URL": url.render_as_string(hide_password=False), "KEY_PEPPER": PEPPER, **environment}
    ended = await asyncio.to_thread(CliRunner().invoke, cli, list(words), env=own)
    reason = "" if isinstance(ended.exception, SystemExit | None) else str(ended.exception)
    return ended.exit_code, ended.stdout.strip(), ended.stderr + reason


async def status_with(service: Service, key: str) -> int:
    return (await service.client.get("/extractions", headers=bearing(key))).status_code


async def test_a_keys_life_by_command(service: Service, database_url: URL) -> None:
    code, first, errors = await command(database_url, "keys", "create", "--name", "EHR", "--role", "integration")
    assert code == 0, errors
    assert as_key(first)
    assert first not in errors
    assert await status_with(service, first) == 200
    code, second, _ = await command(database_url, "keys", "rotate", id_of(first))
    assert code == 0
    assert [await status_with(service, key) for key in (first, second)] == [200, 200], "two are live for a rotation"
    assert (await command(database_url, "keys", "revoke", id_of(first)))[0] == 0
    assert [await status_with(service, key) for key in (first, second)] == [401, 200]
    _, listed, _ = await command(database_url, "keys", "list", "--json")
    states = {key["public_id"]: (key["state"], key["name"], key["role"]) for key in orjson.loads(listed)}
    assert states[id_of(first)] == ("revoked", "EHR", "integration")
    assert states[id_of(second)] == ("live", "EHR", "integration")
    assert "secret" not in listed
    assert second.split("_", 2)[2] not in listed


async def test_a_rotated_key_ends_with_its_overlap(service: Service, database_url: URL) -> None:
    key = await key_for(service.parts.settings, "admin")
    code, following, _ = await command(database_url, "keys", "rotate", id_of(key), "--overlap-hours", "0")
    assert code == 0
    assert [await status_with(service, each) for each in (key, following)] == [401, 200]


async def test_a_second_clinic_by_command(service: Service, database_url: URL) -> None:
    _, organization, _ = await command(database_url, "organizations", "create", "Other clinic")
    words = ("keys", "create", "--name", "x", "--role", "clinician", "--organization", organization)
    code, key, errors = await command(database_url, *words, "--user", "dr.lee@clinic.example")
    assert code == 0, errors
    who = (await service.client.get("/session", headers=bearing(key))).json()
    assert (who["organization_id"], who["role"], who["actor"]) == (organization, "clinician", f"key:{id_of(key)}")
    assert who["user_id"]
    assert "timings" not in who["allowed"]


@pytest.mark.parametrize(
    ("words", "environment", "reason"),
    [
        (("keys", "create", "--name", "x", "--role", "admin"), {"KEY_PEPPER": ""}, "KEY_PEPPER is empty"),
        (("keys", "create", "--name", "x", "--role", "clinician"), {}, "needs --user"),
        (("keys", "revoke", "nothing"), {}, "no key with that id"),
        (("keys", "rotate", "nothing"), {}, "no live key"),
        (("serve", "--port", "0", "--host", "0.0.0.0"), {}, "AUTH=disabled"),  # noqa: S104
        (("serve", "--port", "0", "--host", "::"), {}, "AUTH=disabled"),
        (("serve", "--port", "0"), {"AUTH": "keys", "KEY_PEPPER": ""}, "AUTH=keys needs KEY_PEPPER"),
        (("serve", "--port", "0"), {"AUTH": "oidc"}, "AUTH=oidc needs OIDC_ISSUER"),
    ],
)
async def test_what_cannot_be_is_refused_in_a_sentence(
    database_url: URL, words: tuple[str, ...], environment: dict[str, str], reason: str
) -> None:
    code, said, errors = await command(database_url, *words, **environment)
    assert (code, said) == (1, "")
    assert reason in " ".join(errors.split())
    assert "Traceback" not in errors


async def test_only_a_hash_is_kept(service: Service) -> None:
    key = await key_for(service.parts.settings, "admin")
    async with service.parts.db.across_organizations() as session:
        dump = await session.scalar(
            text("SELECT string_agg(k::text, ' ') FROM api_keys k WHERE public_id = :id"), {"id": id_of(key)}
        )
    assert id_of(key) in dump
    assert key.split("_", 2)[2] not in dump


async def test_with_another_pepper_no_key_is_good(service: Service, database_url: URL) -> None:
    key = await key_for(service.parts.settings, "admin")
    async with running_service(keys_settings(database_url, key_pepper=PEPPER[::-1])) as other:
        assert await status_with(other, key) == 401


async def test_a_key_is_remembered_for_the_time_of_the_settings(database_url: URL) -> None:
    async with running_service(keys_settings(database_url, auth_cache_s=300)) as service:
        key = await key_for(service.parts.settings, "admin")
        assert await status_with(service, key) == 200
        async with service.parts.db.across_organizations() as session:
            await revoke_key(session, id_of(key))
        assert await status_with(service, key) == 200, "not looked up again"


async def sign_in(service: Service, key: str, **headers: str) -> Any:
    answer = await service.client.post("/session", json={"key": key}, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer


async def test_a_session_of_the_pages(service: Service) -> None:
    key = await key_for(service.parts.settings, "clinician")
    answer = await sign_in(service, key)
    cookie = answer.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/", "expires="))
    assert "Secure" not in cookie, "over plain http, it would never come back"
    assert key not in cookie
    who = (await service.client.get("/session")).json()
    assert who == answer.json()
    assert (await service.client.post("/extract", json={"transcript": VISIT}, headers=OWN_PAGE)).status_code == 201
    assert (await service.client.get("/extractions")).status_code == 200
    ended = await service.client.delete("/session", headers=OWN_PAGE)
    assert ended.status_code == 204
    token = cookie.split(";")[0]
    assert (await service.client.get("/extractions", headers={"Cookie": token})).status_code == 401


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://test.evil.example", "http://test:81"])
async def test_another_sites_page_changes_nothing(service: Service, origin: str | None) -> None:
    await sign_in(service, await key_for(service.parts.settings, "admin"))
    headers = {"Origin": origin} if origin else {}
    for method, path in (("POST", "/extract"), ("DELETE", "/session")):
        answer = await service.client.request(method, path, headers=headers)
        assert answer.status_code == 403, (method, answer.text)
    assert (await service.client.get("/extractions", headers=headers)).status_code == 200
    if origin:
        key = await key_for(service.parts.settings, "admin")
        assert (await service.client.post("/session", json={"key": key}, headers=headers)).status_code == 403


async def test_over_https_the_cookie_stays_there(service: Service) -> None:
    key = await key_for(service.parts.settings, "admin")
    answer = await service.client.post("https://test/session", json={"key": key})
    assert "Secure" in answer.headers["set-cookie"]


async def test_a_session_ends_with_its_key_and_with_its_time(service: Service) -> None:
    key = await key_for(service.parts.settings, "admin")
    await sign_in(service, key)
    async with service.parts.db.across_organizations() as session:
        await revoke_key(session, id_of(key))
    assert (await service.client.get("/session")).status_code == 401
    late = await key_for(service.parts.settings, "admin")
    await sign_in(service, late)
    async with service.parts.db.across_organizations() as session:
        of_key = select(api_keys.c.id).where(api_keys.c.public_id == id_of(late)).scalar_subquery()
        await session.execute(update(sessions).where(sessions.c.key_id == of_key).values(expires_at=text("now()")))
    assert (await service.client.get("/session")).status_code == 401


async def test_a_session_never_outlives_its_key(service: Service) -> None:
    key = await key_for(service.parts.settings, "admin", days=1 / 24)
    ends = datetime.fromisoformat((await sign_in(service, key)).json()["expires_at"])
    assert ends <= datetime.now(UTC) + timedelta(hours=1)


async def test_without_keys_everyone_is_the_local_administrator(offline: Service) -> None:
    who = (await offline.client.get("/session")).json()
    assert (who["auth"], who["role"], who["user_id"], who["actor"]) == ("disabled", "admin", None, "local")
    signed = await offline.client.post("/session", json={"key": "anything"})
    assert (signed.status_code, signed.json()) == (201, who)
    assert "set-cookie" not in signed.headers


async def test_requests_a_minute(service: Service) -> None:
    key = await key_for(service.parts.settings, "integration", requests_per_minute=3)
    answers = [await service.client.get("/sops", headers=bearing(key)) for _ in range(4)]
    if answers[3].status_code == 200:  # the minute ended in between
        answers = [await service.client.get("/sops", headers=bearing(key)) for _ in range(4)]
    refused = answers[-1]
    assert refused.status_code == 429
    assert refused.json()["type"].endswith("too-many-requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit-policy"] == '"requests";q=3;w=60'
    assert refused.headers["ratelimit"].startswith('"requests";r=0;t=')
    assert await status_with(service, await key_for(service.parts.settings, "integration")) == 200


async def test_workers_hear_of_each_others_counts(service: Service, database_url: URL) -> None:
    """Asked again only where the minute, which starts the count anew, ended in between."""
    async with running_service(keys_settings(database_url)) as other:
        began, counted = -1, []
        while began != int(time.time()) // 60:
            began = int(time.time()) // 60
            counted = await after_five_requests(service, other)
        assert counted == [429, 429]


async def after_five_requests(one: Service, other: Service) -> list[int]:
    """What two workers answer to a key that may ask four times a minute."""
    key = await key_for(one.parts.settings, "integration", requests_per_minute=4)
    for worker in (one, other, one, other, one):
        await worker.client.get("/sops", headers=bearing(key))
        await asyncio.gather(one.parts.meter.flush(), other.parts.meter.flush())
    return [await status_with(worker, key) for worker in (one, other)]


async def test_model_tokens_a_day(open_service: OpenService, database_url: URL) -> None:
    own = {"auth": "keys", "key_pepper": PEPPER, "auth_cache_s": 0, "tokens_per_day": 1}
    service = await open_service(ScriptedProvider(), **own)
    key = await key_for(service.parts.settings, "integration")
    statuses = [
        (await service.client.post("/extract", json={"transcript": VISIT}, headers=bearing(key))) for _ in range(2)
    ]
    assert [answer.status_code for answer in statuses] == [201, 429]
    assert statuses[1].json()["type"].endswith("budget-spent")
    assert 1 <= int(statuses[1].headers["retry-after"]) <= 86_400
    assert await status_with(service, key) == 200, "reading takes no model"
    free = await key_for(service.parts.settings, "integration", tokens_per_day=0)
    answer = await service.client.post("/extract", json={"transcript": VISIT}, headers=bearing(free))
    assert answer.status_code == 201

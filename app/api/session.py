"""Signing in to the pages: an API key or bearer token becomes a cookie that scripts cannot read."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, SecretStr, StringConstraints

from app.api.access import SESSION_COOKIE, CredentialDep, PartsDep, refuse_other_origins
from app.api.bodies import Body
from app.api.documented import BODY, READ, problems
from app.api.requests import JsonRoute
from app.db.caller import LOCAL_CALLER, Caller
from app.parts import Parts
from app.settings import Role

router = APIRouter(tags=["access"], route_class=JsonRoute)

# What each role may do, in the words that the pages show or hide their parts by.
_ALLOWED: dict[Role, tuple[str, ...]] = {
    "integration": ("extract", "review", "export", "sops", "test_cases"),
    "clinician": ("extract", "review", "export", "sops", "test_cases"),
    "ops": ("timings", "metrics"),
    "admin": ("extract", "review", "export", "sops", "test_cases", "timings", "metrics"),
}


class SignIn(Body):
    """An API key, or a bearer token where AUTH=oidc."""

    key: Annotated[SecretStr, StringConstraints(min_length=1, max_length=8192)]


class SignedIn(BaseModel):
    """Who the caller is. `user_id` is the only clinician whose records are in reach; `expires_at` the session's end."""

    auth: Literal["disabled", "keys", "oidc"]
    organization_id: UUID
    role: Role
    user_id: UUID | None
    actor: str
    allowed: list[str]
    expires_at: datetime | None


@router.post("/session", status_code=201, response_model=SignedIn, responses=problems(*BODY))
async def sign_in(body: SignIn, request: Request, response: Response, parts: PartsDep) -> SignedIn:
    """Sets the session cookie. With AUTH=disabled there is nothing to sign in to, and no cookie."""
    if parts.settings.auth == "disabled":
        return _about(LOCAL_CALLER, parts, None)
    if "origin" in request.headers:
        refuse_other_origins(request)
    shown = await parts.credentials.of_token(body.key.get_secret_value())
    parts.meter.admit(shown)
    token, ends = await parts.credentials.open_session(shown)
    response.set_cookie(
        SESSION_COOKIE, token, expires=ends, path="/", httponly=True, samesite="strict", secure=_is_https(request)
    )
    return _about(shown.caller, parts, ends)


@router.get("/session", response_model=SignedIn, responses=problems(*READ))
async def get_session(parts: PartsDep, shown: CredentialDep) -> SignedIn:
    """Whose credential this request shows, key or cookie, and what it allows."""
    if shown is None:
        return _about(LOCAL_CALLER, parts, None)
    return _about(shown.caller, parts, shown.expires_at)


@router.delete("/session", status_code=204, response_class=Response, responses=problems(*READ))
async def sign_out(request: Request, response: Response, parts: PartsDep) -> None:
    """Ends the session of the cookie, if there is one, and takes the cookie away."""
    token = request.cookies.get(SESSION_COOKIE)
    if token and parts.settings.auth != "disabled":
        refuse_other_origins(request)
        await parts.credentials.close_session(token)
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict", secure=_is_https(request))


def _about(caller: Caller, parts: Parts, expires_at: datetime | None) -> SignedIn:
    return SignedIn(
        auth=parts.settings.auth,
        organization_id=caller.organization_id,
        role=caller.role,
        user_id=caller.user_id,
        actor=caller.actor,
        allowed=list(_ALLOWED[caller.role]),
        expires_at=expires_at,
    )


def _is_https(request: Request) -> bool:
    """As the client sees it: a proxy in front is believed where uvicorn believes it."""
    return request.url.scheme == "https"

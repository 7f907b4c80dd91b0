"""Who is calling, and whether the role allows it: asked before a body is read."""

from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Request

from app.access.credentials import Credential
from app.db.caller import LOCAL_CALLER, Caller
from app.errors import Forbidden, Problem, Unauthorized
from app.parts import Parts

__all__ = ["Caller", "CallerDep", "CredentialDep", "OperatorDep", "PartsDep", "SpenderDep"]

SESSION_COOKIE = "medextract_session"
_CLINICAL, _OPERATING = ("integration", "clinician", "admin"), ("ops", "admin")
_SAFE = ("GET", "HEAD", "OPTIONS")


async def credential(request: Request) -> Credential | None:
    """What the request shows, None with AUTH=disabled; looked up once for a request. Raises `Unauthorized`."""
    if "credential" not in request.scope["state"]:
        request.state.credential = await _shown(request)
        request.state.caller = request.state.credential.caller if request.state.credential else LOCAL_CALLER
        _count(request)
    found: Credential | None = request.state.credential
    return found


async def caller(request: Request) -> Caller:
    """Whoever may see what was said in visits; without credentials (AUTH=disabled), the local administrator."""
    return await _allowed(request, _CLINICAL)


async def spender(request: Request) -> Caller:
    """The same, with model tokens left for the day."""
    asking = await _allowed(request, _CLINICAL)
    if request.state.credential is not None:
        request.app.state.parts.meter.require_budget(request.state.credential)
    return asking


async def operator(request: Request) -> Caller:
    """Whoever may see how the service does."""
    return await _allowed(request, _OPERATING)


GATES: tuple[Any, ...] = (credential, caller, spender, operator)


async def parts(request: Request) -> Parts:
    """The running service's parts."""
    found: Parts = request.app.state.parts
    return found


async def _allowed(request: Request, roles: tuple[str, ...]) -> Caller:
    await credential(request)
    asking: Caller = request.state.caller
    if asking.role not in roles:
        raise Forbidden()
    return asking


async def _shown(request: Request) -> Credential | None:
    parts: Parts = request.app.state.parts
    if parts.settings.auth == "disabled":
        return None
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.casefold() != "bearer":
            raise Unauthorized()
        return await parts.credentials.of_token(token.strip())
    session = request.cookies.get(SESSION_COOKIE)
    if session is None:
        raise Unauthorized()
    found = await parts.credentials.of_session(session)
    refuse_other_origins(request)
    return found


def refuse_other_origins(request: Request) -> None:
    """A browser sends the cookie along with what another site makes it send; a write has to come from our own pages."""
    if request.method in _SAFE:
        return
    origin = urlsplit(request.headers.get("origin", ""))
    if not origin.netloc or origin.netloc.casefold() != request.headers.get("host", "").casefold():
        raise Forbidden("With a session cookie, a change must come from the service's own pages (Origin).")


def _count(request: Request) -> None:
    if request.state.credential is not None:
        request.state.headers = request.app.state.parts.meter.admit(request.state.credential)


def spend_tokens(request: Request, tokens: int) -> None:
    """What a model took for this request counts against the caller's budget."""
    if request.state.credential is not None:
        request.app.state.parts.meter.spend(request.state.credential, tokens)


def note_refusal(request: Request, problem: Problem) -> None:
    """What a known caller asked for and did not get, whatever the route; the rest of a path names the record."""
    asking: Caller | None = getattr(request.state, "caller", None)
    if asking is None or problem.status not in (403, 404):
        return
    collection = request.url.path.split("/")[1].replace("-", "_")
    kind = "extractions" if collection == "extract" else collection
    ids = [value for value in map(_as_id, request.path_params.values()) if value]
    request.app.state.parts.audit_log.note(asking, "refused", kind, *ids)


def _as_id(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


CredentialDep = Annotated[Credential | None, Depends(credential)]
CallerDep = Annotated[Caller, Depends(caller)]
SpenderDep = Annotated[Caller, Depends(spender)]
OperatorDep = Annotated[Caller, Depends(operator)]
PartsDep = Annotated[Parts, Depends(parts)]

"""Who is calling, and the parts of the service that answer."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from app.db.caller import LOCAL_CALLER, Caller
from app.errors import Problem
from app.parts import Parts

__all__ = ["Caller", "CallerDep", "PartsDep"]


async def caller(request: Request) -> Caller:
    """Without credentials (AUTH=disabled) everyone is the administrator of the local organization."""
    request.state.caller = LOCAL_CALLER
    return LOCAL_CALLER


async def parts(request: Request) -> Parts:
    """The running service's parts."""
    found: Parts = request.app.state.parts
    return found


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


CallerDep = Annotated[Caller, Depends(caller)]
PartsDep = Annotated[Parts, Depends(parts)]

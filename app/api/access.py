"""Who is calling, and the parts of the service that answer."""

from typing import Annotated

from fastapi import Depends, Request

from app.db.caller import LOCAL_CALLER, Caller
from app.parts import Parts

__all__ = ["Caller", "CallerDep", "PartsDep"]


async def caller() -> Caller:
    """Without credentials (AUTH=disabled) everyone is the administrator of the local organization."""
    return LOCAL_CALLER


async def parts(request: Request) -> Parts:
    """The running service's parts."""
    found: Parts = request.app.state.parts
    return found


CallerDep = Annotated[Caller, Depends(caller)]
PartsDep = Annotated[Parts, Depends(parts)]

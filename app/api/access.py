"""Who is calling: the organization that a request may read and write in."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from app.db.tables import LOCAL_ORGANIZATION
from app.parts import Parts


@dataclass(frozen=True, slots=True)
class Caller:
    """The organization whose records are in reach."""

    organization_id: UUID


async def caller() -> Caller:
    """Without credentials (AUTH=disabled) everyone is the local organization."""
    return Caller(LOCAL_ORGANIZATION)


async def parts(request: Request) -> Parts:
    """The running service's parts."""
    found: Parts = request.app.state.parts
    return found


CallerDep = Annotated[Caller, Depends(caller)]
PartsDep = Annotated[Parts, Depends(parts)]

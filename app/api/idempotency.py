"""The Idempotency-Key header of a request (draft-ietf-httpapi-idempotency-key-header), a structured string or bare."""

from typing import Annotated

from fastapi import Depends, Header, Request

from app.api.access import Caller, CallerDep
from app.db.idempotency_keys import Key
from app.errors import KeyInvalid

_LONGEST = 255
_ABOUT = "Any text of the client's own, new for each request: with it, sending the same request again is safe."


async def idempotency_key(
    request: Request,
    caller: CallerDep,
    idempotency_key: Annotated[str | None, Header(description=_ABOUT)] = None,
) -> Key | None:
    """Whose key it is comes from the credentials; None for a request without the header."""
    if idempotency_key is None:
        return None
    if len(request.headers.getlist("idempotency-key")) > 1:
        raise KeyInvalid()
    return _key(idempotency_key.strip(), caller)


def _key(given: str, caller: Caller) -> Key:
    is_quoted = len(given) > 1 and given[0] == given[-1] == '"'
    name = given[1:-1] if is_quoted else given
    if not 0 < len(name) <= _LONGEST or not name.isascii() or not name.isprintable():
        raise KeyInvalid()
    return Key(caller.organization_id, caller.actor, name)


KeyDep = Annotated[Key | None, Depends(idempotency_key)]

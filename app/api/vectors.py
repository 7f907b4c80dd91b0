"""The vector of a text that came with a request, for the routes that are no extraction."""

from app.db.caller import Caller
from app.errors import ProviderInvalidOutput
from app.extraction.embedding import Embedded
from app.llm.client import InvalidOutput
from app.llm.retry import deadline_in
from app.parts import Parts


async def vector_of(text: str, parts: Parts, caller: Caller, phase: str, *, lasting: bool = True) -> Embedded:
    """Raises a provider problem that names the phase; what is not `lasting` is remembered in this process alone."""
    deadline = deadline_in(parts.settings.request_deadline_s)
    try:
        return await parts.embedder.embed(caller.organization_id, text, deadline, phase, known=lasting, lasting=lasting)
    except InvalidOutput as invalid:
        raise ProviderInvalidOutput(phase=phase) from invalid

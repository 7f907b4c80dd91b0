"""The vector of a text that came with a request, for the routes that are no extraction."""

from app.errors import ProviderInvalidOutput
from app.extraction.embedding import Embedded, embed_text
from app.llm.client import InvalidOutput
from app.llm.retry import deadline_in
from app.parts import Parts


async def vector_of(text: str, parts: Parts, phase: str) -> Embedded:
    """Raises a provider problem that names the phase."""
    try:
        return await embed_text(parts.provider, text, deadline_in(parts.settings.request_deadline_s), phase)
    except InvalidOutput as invalid:
        raise ProviderInvalidOutput(phase=phase) from invalid

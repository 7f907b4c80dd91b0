"""Phase `extraction_embedding`: a vector of what was found, to find the visit again by its meaning."""

from dataclasses import replace
from uuid import UUID

from app.extraction.embedding import Embedded, Embedder, Said
from app.extraction.wording import Wording

_PHASE = "extraction_embedding"


async def embed_extraction(
    embedder: Embedder, organization_id: UUID, wording: Wording, deadline: float, *, known: bool
) -> Embedded:
    """Begins with the words as they are expected to be, beside the check; what the check changes is embedded anew.

    Until then nothing lasting is kept, since whoever erases the visit could not find a text that stands in no record.
    Raises a provider problem; `known` says that the visit was seen before, and so perhaps what was found in it.
    """
    expected = await wording.expected
    said = Said.of(expected)
    begun = await embedder.find_or_make(organization_id, said, deadline, _PHASE, known=known, lasting=False)
    found = await wording.found
    if found != expected:
        embedded = await embedder.embed(organization_id, found, deadline, _PHASE, known=known)
        return replace(embedded, tokens=begun.tokens + embedded.tokens)
    embedder.keep(organization_id, said, begun)
    return begun

"""Phase `extraction_embedding`: a vector of what was found, to find the visit again by its meaning."""

from collections.abc import Awaitable
from dataclasses import replace
from uuid import UUID

from app.extraction.embedding import Embedded, Embedder, Said

_PHASE = "extraction_embedding"


async def embed_extraction(
    embedder: Embedder, organization_id: UUID, expected: str, found: Awaitable[str], deadline: float, *, known: bool
) -> Embedded:
    """Begins with the words as they are `expected` to be, beside the check; those `found` otherwise are embedded anew.

    Until then nothing lasting is kept, since whoever erases the visit could not find a text that stands in no record.
    Raises a provider problem; `known` says that the visit was seen before, and so perhaps what was found in it.
    """
    said = Said.of(expected)
    begun = await embedder.find_or_make(organization_id, said, deadline, _PHASE, known=known, lasting=False)
    words = await found
    if words != expected:
        embedded = await embedder.embed(organization_id, words, deadline, _PHASE, known=known)
        return replace(embedded, tokens=begun.tokens + embedded.tokens)
    embedder.keep(organization_id, said, begun)
    return begun

"""One vector for a text of any length: remembered, or made piece by piece since embedding models have a limit."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from pgvector import HalfVector

from app.extraction.embedding_cache import EmbeddingCache
from app.language.fingerprint import Fingerprint, fingerprint_of, normalised
from app.llm.provider import Provider, unit

# Embedding models commonly take 8,192 tokens; at three characters a token this stays under it.
PIECE_CHARS = 24_000


@dataclass(frozen=True, slots=True)
class Said:
    """A text as it is embedded, and what it is remembered by."""

    text: str
    fingerprint: Fingerprint

    @classmethod
    def of(cls, text: str) -> "Said":
        return cls.of_normalised(normalised(text))

    @classmethod
    def of_normalised(cls, text: str) -> "Said":
        return cls(text, fingerprint_of(text))


@dataclass(frozen=True, slots=True)
class Embedded:
    """A unit-length vector, the tokens it cost, and whether it was remembered (and cost none)."""

    vector: HalfVector
    tokens: int
    remembered: bool = False


class Embedder:
    """Embeds the normalised text, which is also what vectors are remembered by: one text, one vector."""

    def __init__(self, provider: Provider, cache: EmbeddingCache) -> None:
        self._provider, self.cache = provider, cache
        self.model = provider.embedding_model

    async def embed(
        self,
        organization_id: UUID,
        text: str,
        deadline: float,
        phase: str,
        *,
        known: bool = True,
        lasting: bool = True,
    ) -> Embedded:
        """Raises a provider problem or `InvalidOutput`.

        With `known` false the text is hardly in the table, with `lasting` false its vector does not go there.
        """
        return await self.find_or_make(organization_id, Said.of(text), deadline, phase, known=known, lasting=lasting)

    async def find_or_make(
        self, organization_id: UUID, said: Said, deadline: float, phase: str, *, known: bool, lasting: bool
    ) -> Embedded:
        """The same for a text whose fingerprint is known."""
        remembered = await self.cache.find(organization_id, said.fingerprint, in_table=known)
        if remembered is not None:
            return Embedded(remembered, 0, remembered=True)
        return await self.make(organization_id, said, deadline, phase, lasting=lasting)

    async def make(
        self, organization_id: UUID, said: Said, deadline: float, phase: str, *, lasting: bool = True
    ) -> Embedded:
        """The same for a text that is not remembered."""
        embedded = await self._made(said.text, deadline, phase)
        self.keep(organization_id, said, embedded, lasting=lasting)
        return embedded

    def keep(self, organization_id: UUID, said: Said, embedded: Embedded, *, lasting: bool = True) -> None:
        """Remembers what was made."""
        if not embedded.remembered:
            self.cache.keep(organization_id, said.fingerprint, embedded.vector, lasting=lasting)

    async def _made(self, said: str, deadline: float, phase: str) -> Embedded:
        """The mean of the pieces' vectors, scaled to length 1."""
        pieces = [said[start : start + PIECE_CHARS] for start in range(0, len(said), PIECE_CHARS)]
        answer = await self._provider.embed(pieces, deadline, phase)
        if len(answer.vectors) == 1:
            return Embedded(answer.vectors[0], answer.tokens)
        mean = np.mean([vector.to_numpy().astype(np.float32) for vector in answer.vectors], axis=0)
        return Embedded(unit(mean), answer.tokens)

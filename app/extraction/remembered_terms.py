"""Remembers the clinical words of stored transcripts, so that each is not read again for every visit like it."""

from collections import OrderedDict
from collections.abc import Iterable
from uuid import UUID

from app.extraction.clinical_terms import clinical_terms

# Some ten megabytes, and the visits that a dozen clinicians look back on.
MOST = 20_000


class RememberedTerms:
    """By id and hash of the words, which may be corrected in a gold case; the words themselves are not kept."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._terms: OrderedDict[tuple[UUID, int], frozenset[str]] = OrderedDict()

    def unread(self, stored: Iterable[tuple[UUID, str]]) -> int:
        """How many characters of them would have to be read."""
        return sum(len(transcript) for id, transcript in stored if (id, hash(transcript)) not in self._terms)

    def of(self, id: UUID, transcript: str) -> frozenset[str]:
        """The clinical words of a stored transcript."""
        key = (id, hash(transcript))
        # Two threads may read the same one; either's answer will do.
        terms = self._terms.pop(key, None)
        terms = self._terms[key] = clinical_terms(transcript) if terms is None else terms
        if len(self._terms) > self._most:
            self._terms.popitem(last=False)
        return terms

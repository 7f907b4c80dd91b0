"""Whether two transcripts are the same visit in slightly different words."""

SHINGLE_WORDS = 5


def is_near_duplicate(text: str, other: str, overlap: float) -> bool:
    """Whether at least `overlap` of the shorter text's five-word shingles stand in the other.

    Containment of shingles: Broder, On the resemblance and containment of documents, 1997.
    """
    ours, theirs = _shingles(text), _shingles(other)
    return len(ours & theirs) >= overlap * min(len(ours), len(theirs))


def _shingles(text: str) -> set[int]:
    words = [word for word in text.casefold().split() if any(map(str.isalnum, word))]
    return {hash(tuple(words[i : i + SHINGLE_WORDS])) for i in range(max(1, len(words) - SHINGLE_WORDS + 1))}

"""Whether two transcripts are the same visit in slightly different words."""

SHINGLE_WORDS = 5


def shingles(text: str) -> set[int]:
    """The hashes of all runs of five words, or of all words where there are fewer."""
    words = [word for word in text.casefold().split() if word[0].isalnum() or any(map(str.isalnum, word))]
    if len(words) < SHINGLE_WORDS:
        return {hash(tuple(words))}
    return set(map(hash, zip(*(words[begun:] for begun in range(SHINGLE_WORDS)), strict=False)))


def is_near_duplicate(ours: set[int], theirs: set[int], overlap: float) -> bool:
    """Whether at least `overlap` of the shorter text's shingles stand in the other.

    Containment of shingles: Broder, On the resemblance and containment of documents, 1997.
    """
    return len(ours & theirs) >= overlap * min(len(ours), len(theirs))

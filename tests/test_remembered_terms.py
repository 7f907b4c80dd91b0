"""The clinical words of stored transcripts: read once, again when corrected, and no more than the bound."""

from uuid import UUID

from app.extraction.remembered_terms import RememberedTerms

IBUPROFEN, X_RAY = "Doctor: Take ibuprofen for a week.", "Doctor: We will get an x-ray of the knee."
FIRST, SECOND, THIRD = UUID(int=1), UUID(int=2), UUID(int=3)


def test_a_transcript_is_read_once_and_again_when_it_is_corrected() -> None:
    remembered = RememberedTerms()
    assert remembered.unread([(FIRST, IBUPROFEN)]) == len(IBUPROFEN)
    assert remembered.of(FIRST, IBUPROFEN) == {"ibuprofen"}
    assert remembered.unread([(FIRST, IBUPROFEN), (SECOND, IBUPROFEN)]) == len(IBUPROFEN)
    assert remembered.unread([(FIRST, X_RAY)]) == len(X_RAY)
    assert "ibuprofen" not in remembered.of(FIRST, X_RAY)


def test_what_was_used_longest_ago_gives_way() -> None:
    remembered = RememberedTerms(most=2)
    for id in (FIRST, SECOND, FIRST, THIRD):
        remembered.of(id, IBUPROFEN)
    assert remembered.unread([(FIRST, IBUPROFEN), (THIRD, IBUPROFEN)]) == 0
    assert remembered.unread([(SECOND, IBUPROFEN)]) > 0

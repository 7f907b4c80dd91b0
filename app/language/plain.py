"""Spells speech plainly for matching, character for character, so that offsets found in it hold in the original."""

_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "\u00a0": " "})


def plain(text: str) -> str:
    """The text in lower case with straight apostrophes, as long as it came: a letter that would grow stays."""
    lower = text.lower()
    if lower.isascii():
        return lower
    if len(lower) != len(text):
        lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    return lower.translate(_STRAIGHT)

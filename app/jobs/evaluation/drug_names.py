"""Tells whether two names mean the same drug."""

from app.language.drugs import canonical_name


def drug_key(name: str) -> str:
    """One name for all names of a drug, brands included; of a longer text, the first drug in it."""
    return canonical_name(name)


def same_drug(one: str, other: str) -> bool:
    """Whether both texts name one drug."""
    return drug_key(one) == drug_key(other)

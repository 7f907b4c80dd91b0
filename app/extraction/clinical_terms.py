"""The clinical words of a text: what two visits must share to be about the same thing."""

from app.language.drugs import find_drugs
from app.language.procedures import find_procedures


def clinical_terms(text: str) -> frozenset[str]:
    """Drugs under their generic names, tests and referrals under their usual ones."""
    drugs = {drug.canonical for drug in find_drugs(text)}
    return frozenset(drugs | {procedure.name for procedure in find_procedures(text)})

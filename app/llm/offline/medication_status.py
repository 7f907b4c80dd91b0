"""Decides from all mentions of one medicine what its status is and how firmly that was said."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.findings import Commitment, MedicationStatus
from app.language.drugs import Drug
from app.llm.offline.medication_phrases import Act
from app.llm.offline.mention import Mention

_ORDERS: dict[Act, MedicationStatus] = {"start": "start", "change": "change", "continue": "continue", "stop": "stop"}
_DECIDES = frozenset({*_ORDERS, "conditional", "unneeded", "refused"})
_AGAIN = re.compile(r"\b(?:back|restart|again|resume|switch)\b")
# "Don't take ibuprofen with it" stops nothing that was not taken.
_WARNS = re.compile(r"n't|\b(?:avoid|away|refrain|clear|not|never|mix)")
_STOPS = re.compile(r"\b(?:stop|discontinu|come off|hold|off)\b")
_ADVISED = re.compile(
    r"\b(?:recommend|suggest|advise|encourage|can|could|may|might|try|trying|worth|consider"
    r"|should)"
)

# Taken when it hurts, itches or runs: that a patient has taken one before the visit does not mean that it goes on.
_FOR_SYMPTOMS = frozenset(
    name.strip()
    for line in (
        "acetaminophen, ibuprofen, naproxen, aspirin, diclofenac, painkiller, anti-inflammatory, antihistamine",
        "antacid, antacid tablets, alginate, bismuth subsalicylate, cough medicine, guaifenesin, dextromethorphan",
        "pseudoephedrine, decongestant, nasal spray, throat spray, menthol rub, oral rehydration salts",
        "loperamide, antidiarrheal, laxative, chlorphenamine, diphenhydramine, steroid cream, emollient, aqueous",
        "cream, capsaicin, lidocaine, muscle relaxer, steroid injection, joint injection, petroleum jelly",
        "calamine, oxymetazoline, saline rinse, numbing cream, opioid, acetaminophen/codeine, antibiotic",
        "hydrocortisone, electrolyte drink, herbal remedy, sunscreen, zinc oxide, epinephrine, chemotherapy",
        "tramadol, oxycodone, morphine, acetaminophen/oxycodone, acetaminophen/hydrocodone",
    )
    for name in line.split(",")
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about a medicine, and the mention that decided it."""

    status: MedicationStatus
    commitment: Commitment
    by: Mention


def decide(mentions: Sequence[Mention]) -> Decision | None:
    """The clinician's last word decides; without one, what the patient takes or took; None if it is only spoken of."""
    words = [mention for mention in mentions if mention.act in _DECIDES]
    if words:
        return _last_word(words, mentions)
    present = [mention for mention in mentions if mention.act == "present"]
    past = [mention for mention in mentions if mention.act == "past"]
    if present and not (past and mentions.index(past[-1]) > mentions.index(present[-1])):
        return _merely_taken(mentions[0].drug, present[-1])
    dosed = [mention for mention in mentions if mention.act is None and mention.dosed and mention.role == "clinician"]
    if dosed:
        return Decision("start", "ordered", dosed[-1])
    return Decision("stop", "historical", past[-1]) if past else None


def _merely_taken(drug: Drug, last: Mention) -> Decision | None:
    """A medicine that is taken and that nobody orders goes on; a vitamin or "a painkiller" that is taken is no news."""
    if drug.kind != "medicine":
        return None
    return Decision("continue", "historical" if drug.canonical in _FOR_SYMPTOMS else "continuing", last)


def _goes_on(mentions: Sequence[Mention]) -> bool:
    """Whether a medicine that is taken is part of the care: a regular one, and spoken of by the clinician."""
    drug = mentions[0].drug
    if drug.canonical in _FOR_SYMPTOMS or drug.kind != "medicine":
        return False
    return any(mention.role != "patient" for mention in mentions)


def _last_word(words: Sequence[Mention], mentions: Sequence[Mention]) -> Decision:
    last = words[-1]
    orders = [word for word in words if word.act in _ORDERS]
    if last.act in ("conditional", "continue") and orders:
        # A plan for later does not undo what is ordered now, nor does "keep taking it" undo the change just made.
        last = next((word for word in reversed(orders) if word.act != "continue"), orders[-1])
    if last.act == "start":
        last = next((word for word in reversed(orders) if word.act == "change"), last)
    if last.act == "conditional":
        return _conditional(last, mentions)
    if last.act in ("unneeded", "refused"):
        return Decision("stop" if _is_taken(mentions, last) else "start", "declined", last)
    if last.act == "start" and _is_taken(mentions, last) and not _AGAIN.search(last.cue):
        return Decision("continue", "continuing", last)
    if last.act == "stop" and _WARNS.search(last.cue) and not _was_taken(mentions, last):
        return Decision("stop", "declined", last)
    status = _ORDERS[last.act]  # type: ignore[index]
    return Decision(status, _commitment(status, last), last)


def _conditional(last: Mention, mentions: Sequence[Mention]) -> Decision:
    present = [mention for mention in mentions if mention.act == "present"]
    if present and _goes_on(mentions):
        return Decision("continue", "continuing", present[-1])
    return Decision("stop" if _STOPS.search(last.cue) else "start", "conditional", last)


def _is_taken(mentions: Sequence[Mention], until: Mention) -> bool:
    """Whether it is a regular medicine that the patient was said to take before."""
    if until.drug.canonical in _FOR_SYMPTOMS:
        return False
    before = mentions[: mentions.index(until)]
    return any(mention.act == "present" for mention in before)


def _was_taken(mentions: Sequence[Mention], until: Mention) -> bool:
    return any(mention.act in ("present", "past") for mention in mentions[: mentions.index(until)])


def _commitment(status: MedicationStatus, last: Mention) -> Commitment:
    if status == "continue":
        return "continuing"
    return "recommended" if _ADVISED.search(last.cue) and "prescri" not in last.cue else "ordered"

"""The codes of a FHIR export: every system and every code that we use stands here, and nothing else may be used.

They come from HL7 Terminology (THO), FHIR R4B and SNOMED CT International. The library checks structure and types
alone, and no terminology server was asked: a receiver's own validation has the last word.
"""

from typing import Any, NamedTuple

Json = dict[str, Any]


class Coding(NamedTuple):
    """A code of a code system, with the display that the system gives it."""

    system: str
    code: str
    display: str

    def as_fhir(self) -> Json:
        return self._asdict()

    def as_concept(self) -> Json:
        return {"coding": [self.as_fhir()], "text": self.display}


_THO = "http://terminology.hl7.org/CodeSystem"
_SNOMED = "http://snomed.info/sct"
OUR_TASKS = "urn:medextract:task-type"
OUR_REVIEW = "urn:medextract:review"

# Who stands behind a statement (security labels, v3-ObservationValue).
AI_ASSERTED = Coding(f"{_THO}/v3-ObservationValue", "AIAST", "Artificial Intelligence asserted")
CLINICIAN_ASSERTED = Coding(f"{_THO}/v3-ObservationValue", "CLINAST", "clinician asserted")
# The same as a tag that a person can read: FHIR has no code for either.
UNSIGNED = Coding(OUR_REVIEW, "unsigned", "Not checked by a clinician")
SIGNED = Coding(OUR_REVIEW, "signed", "Checked and signed by a clinician")

ASSEMBLER = Coding(f"{_THO}/provenance-participant-type", "assembler", "Assembler")
VERIFIER = Coding(f"{_THO}/provenance-participant-type", "verifier", "Verifier")
AUTHOR = Coding(f"{_THO}/provenance-participant-type", "author", "Author")
REMINDER = Coding(f"{_THO}/communication-category", "reminder", "Reminder")

SERVICES = {
    "referral": Coding(_SNOMED, "3457005", "Patient referral"),
    "test_order": Coding(_SNOMED, "386053000", "Evaluation procedure"),
}
TASKS = {
    name: Coding(OUR_TASKS, name, name.replace("_", " "))
    for name in ("follow_up", "prescription", "documentation", "billing", "other")
}
# request-priority is a required binding of R4B: there is nothing below routine.
PRIORITY = {"high": "urgent", "medium": "routine", "low": "routine"}

ALL = (
    *(AI_ASSERTED, CLINICIAN_ASSERTED, UNSIGNED, SIGNED, ASSEMBLER, VERIFIER, AUTHOR, REMINDER),
    *(*SERVICES.values(), *TASKS.values()),
)

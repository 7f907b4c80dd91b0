"""The JSON bodies of extraction and of the records of it, as the OpenAPI document describes them."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, FailFast, Field, StringConstraints, model_validator

from app.api.fields import Email, Name, WrittenDate
from app.findings import (
    AllergyFields,
    ClinicianTodoFields,
    Commitment,
    CustomFields,
    FollowUpTaskFields,
    MedicationInstructionFields,
    PatientReminderFields,
    ProblemFields,
    VitalFields,
)


class Body(BaseModel):
    """What a client sends: a field that we do not know is an error, not a wish unheard."""

    model_config = ConfigDict(extra="forbid")


def _given(name: str) -> dict[str, Any]:
    """The JSON schema of a body that has that text: for rules between fields, which pydantic cannot tell."""
    return {"required": [name], "properties": {name: {"type": "string"}}}


class UserBody(Body):
    """The clinician, by e-mail or by the id in the clinic's own system."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [_given("email"), _given("external_id")]})

    email: Email | None = None
    name: Name | None = None
    external_id: Name | None = None

    @model_validator(mode="after")
    def _is_someone(self) -> "UserBody":
        if not (self.email or self.external_id):
            raise ValueError("email or external_id is needed")
        return self


class CustomCategoryBody(Body):
    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
    description: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] = ""


class ExtractOptions(Body):
    """How a transcript is to be read, whichever way it comes."""

    notes: str | None = None
    user: UserBody | None = None
    visit_date: WrittenDate | None = None
    # The first wrong item is enough: telling a million of them apart would hold up everyone else.
    sop_ids: Annotated[list[UUID], FailFast()] = []
    custom_categories: Annotated[list[CustomCategoryBody], FailFast()] = []


class ExtractBody(ExtractOptions):
    """A transcript, or the id of a stored one to run again."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_given("transcript"), _given("transcript_id")]})

    transcript: str | None = None
    transcript_id: UUID | None = None

    @model_validator(mode="after")
    def _has_one_transcript(self) -> "ExtractBody":
        if (self.transcript is None) == (self.transcript_id is None):
            raise ValueError("exactly one of transcript and transcript_id is needed")
        return self


class Evidence(BaseModel):
    """Words of the transcript: `transcript[start:end] == quote`, in code points."""

    quote: str
    start: int
    end: int
    turn: int
    speaker: str | None


class Finding(BaseModel):
    """What every item carries beside its own fields."""

    id: UUID
    commitment: Commitment
    evidence: list[Evidence]
    verification: Literal["verified", "repaired", "contradicted", "unsupported"]
    confidence: float = Field(ge=0, le=1)
    flags: list[str]
    repairs: list[dict[str, Any]]


class FollowUpTask(FollowUpTaskFields, Finding):
    due_date: date | None


class MedicationInstruction(MedicationInstructionFields, Finding): ...


class PatientReminder(PatientReminderFields, Finding):
    due_date: date | None


class ClinicianTodo(ClinicianTodoFields, Finding):
    due_date: date | None


class Problem(ProblemFields, Finding): ...


class Allergy(AllergyFields, Finding): ...


class Vital(VitalFields, Finding): ...


class Custom(CustomFields, Finding): ...


class ExtractionBody(BaseModel):
    summary: str
    follow_up_tasks: list[FollowUpTask]
    medication_instructions: list[MedicationInstruction]
    patient_reminders: list[PatientReminder]
    clinician_todos: list[ClinicianTodo]
    problems: list[Problem]
    allergies: list[Allergy]
    vitals: list[Vital]
    custom: list[Custom]


class ReviewBody(BaseModel):
    status: Literal["pending", "not_required", "approved", "rejected"]
    reasons: list[str]


class PhaseBody(BaseModel):
    start_ms: float
    ms: float


class TimingsBody(BaseModel):
    total_ms: float
    phases: dict[str, PhaseBody]


class ProblemBody(BaseModel):
    """RFC 9457, as `application/problem+json`."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    phase: str | None = None
    retryable: bool
    errors: list[dict[str, str]] | None = None
    version: int | None = Field(default=None, description="Of the record, where a change was refused over it.")


class RunBody(BaseModel):
    """One extraction; what a failed or running one does not have is null."""

    id: UUID
    transcript_id: UUID
    user_id: UUID
    created_at: datetime
    state: Literal["running", "succeeded", "failed"]
    model: dict[str, str] | None
    extraction: ExtractionBody | None
    evaluation: dict[str, Any] | None
    review: ReviewBody | None
    context: dict[str, Any] | None
    degraded: list[str]
    usage: dict[str, int] | None
    timings: TimingsBody | None
    problem: ProblemBody | None
    version: int = Field(description="Counts the changes of the review; also in ETag.")


class TurnBody(BaseModel):
    """One speaker's words: `text[start:end]`, code points, without the label."""

    number: int
    speaker: str | None
    role: Literal["clinician", "patient", "other"] | None
    start: int
    end: int


class TranscriptBody(BaseModel):
    id: UUID
    user_id: UUID
    text: str
    notes: str | None
    visit_date: date | None
    created_at: datetime
    turns: list[TurnBody]


class RunPage(BaseModel):
    items: list[RunBody]
    next_cursor: UUID | None


class PhaseStatistics(BaseModel):
    """Milliseconds over the runs of the window."""

    phase: str
    runs: int
    p50_ms: float
    p95_ms: float
    max_ms: float


class TimingsReport(BaseModel):
    window_s: int
    phases: list[PhaseStatistics]

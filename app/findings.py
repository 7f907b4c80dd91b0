"""The vocabulary of findings: the categories, their fields, and the JSON schema that a model has to answer in."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Commitment = Literal["ordered", "recommended", "continuing", "conditional", "declined", "historical"]
Assignee = Literal["patient", "clinician", "both"]
Priority = Literal["high", "medium", "low"]
MedicationStatus = Literal["start", "continue", "change", "stop"]
ReminderType = Literal["appointment", "medication", "test", "lifestyle", "other"]
TaskType = Literal["follow_up", "referral", "test_order", "prescription", "documentation", "billing", "other"]
Assertion = Literal["present", "absent", "possible", "historical", "family"]


class Strict(BaseModel):
    """A shape whose fields are all required and that takes no others, as strict JSON-schema output asks."""

    model_config = ConfigDict(extra="forbid")


class FollowUpTaskFields(Strict):
    description: str
    reason: str | None
    assigned_to: Assignee
    due: str | None
    priority: Priority


class MedicationInstructionFields(Strict):
    medication_name: str
    dosage: str | None
    frequency: str | None
    duration: str | None
    route: str | None
    reason: str | None
    special_instructions: str | None
    status: MedicationStatus


class PatientReminderFields(Strict):
    reminder_type: ReminderType
    description: str
    due: str | None
    priority: Priority


class ClinicianTodoFields(Strict):
    task_type: TaskType
    description: str
    reason: str | None
    due: str | None
    priority: Priority


class ProblemFields(Strict):
    name: str
    assertion: Assertion


class AllergyFields(Strict):
    substance: str
    reaction: str | None


class VitalFields(Strict):
    name: str
    value: str
    unit: str | None


class CustomFields(Strict):
    category: str
    value: str


class Quote(Strict):
    """Words of one turn that prove an item, as the model gives them: not yet searched for in the transcript."""

    turn: int
    quote: str


class Answered(Strict):
    """What a model adds to the fields of every item."""

    commitment: Commitment
    evidence: list[Quote]


class FollowUpTask(FollowUpTaskFields, Answered): ...


class MedicationInstruction(MedicationInstructionFields, Answered): ...


class PatientReminder(PatientReminderFields, Answered): ...


class ClinicianTodo(ClinicianTodoFields, Answered): ...


class Problem(ProblemFields, Answered): ...


class Allergy(AllergyFields, Answered): ...


class Vital(VitalFields, Answered): ...


class Custom(CustomFields, Answered): ...


class Answer(Strict):
    """The whole answer of a model about one visit."""

    summary: str
    follow_up_tasks: list[FollowUpTask]
    medication_instructions: list[MedicationInstruction]
    patient_reminders: list[PatientReminder]
    clinician_todos: list[ClinicianTodo]
    problems: list[Problem]
    allergies: list[Allergy]
    vitals: list[Vital]
    custom: list[Custom]


ITEM_TYPES: dict[str, type[Answered]] = {
    "follow_up_tasks": FollowUpTask,
    "medication_instructions": MedicationInstruction,
    "patient_reminders": PatientReminder,
    "clinician_todos": ClinicianTodo,
    "problems": Problem,
    "allergies": Allergy,
    "vitals": Vital,
    "custom": Custom,
}

ACTION_CATEGORIES = ("follow_up_tasks", "medication_instructions", "patient_reminders", "clinician_todos")
FACT_CATEGORIES = ("problems", "allergies", "vitals", "custom")

# Built once: generating it per request was a fifth of a request's CPU in the performance study.
ANSWER_SCHEMA: dict[str, Any] = Answer.model_json_schema()

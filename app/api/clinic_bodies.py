"""The JSON bodies of what a clinic keeps beside its visits: its SOPs and its gold test cases."""

from datetime import datetime
from typing import Annotated, Any, TypeVar, cast
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    StrictBool,
    StringConstraints,
    create_model,
    model_validator,
    with_config,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from app.api.bodies import Body, UserBody
from app.api.fields import Name
from app.findings import (
    ACTION_CATEGORIES,
    ClinicianTodoFields,
    Commitment,
    FollowUpTaskFields,
    MedicationInstructionFields,
    PatientReminderFields,
    Priority,
)

Content = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=r"\S")]
Description = Annotated[str, StringConstraints(max_length=2000)]
_Model = TypeVar("_Model", bound=BaseModel)
_NO_OTHERS = ConfigDict(extra="forbid")


class NewSop(Body):
    """A standard operating procedure; its numbered steps stand in `content`."""

    title: Name
    content: Content
    description: Description = ""
    category: Name | None = None
    priority: Priority = "medium"
    is_active: StrictBool = True
    user: UserBody | None = None


@with_config(_NO_OTHERS)
class SopChange(TypedDict, total=False):
    """Only the fields that change; null takes the category away."""

    title: Name
    content: Content
    description: Description
    category: Name | None
    priority: Priority
    is_active: StrictBool


class StoredSop(BaseModel):
    """As it was taken, whatever the limits are today."""

    id: UUID
    user_id: UUID
    title: str
    content: str
    description: str
    category: str | None
    priority: Priority
    is_active: bool
    created_at: datetime
    updated_at: datetime


class ExpectedItem(BaseModel):
    """What a gold item may tell beside its own fields: how firmly it was said, and in which words."""

    commitment: Commitment | None = None
    evidence: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "ExpectedItem":
        if not any((value or "").strip() for _, value in self):
            raise PydanticCustomError("empty", "an item says something")
        return self


def _all_optional(model: type[_Model]) -> type[_Model]:
    """The same model with fields that need not be there: of a gold item only those that matter are."""
    fields: dict[str, Any] = {
        name: (cast(Any, field.annotation) | None, None) for name, field in model.model_fields.items()
    }
    return create_model(model.__name__, __base__=model, **fields)


@_all_optional
class ExpectedFollowUpTask(FollowUpTaskFields, ExpectedItem): ...


@_all_optional
class ExpectedMedicationInstruction(MedicationInstructionFields, ExpectedItem): ...


@_all_optional
class ExpectedPatientReminder(PatientReminderFields, ExpectedItem): ...


@_all_optional
class ExpectedClinicianTodo(ClinicianTodoFields, ExpectedItem): ...


class Expected(Body):
    """The items that a person expects, in the shapes of an extraction; without any, nothing could be compared."""

    follow_up_tasks: Annotated[list[ExpectedFollowUpTask], FailFast()] = Field(default=[])
    medication_instructions: Annotated[list[ExpectedMedicationInstruction], FailFast()] = Field(default=[])
    patient_reminders: Annotated[list[ExpectedPatientReminder], FailFast()] = Field(default=[])
    clinician_todos: Annotated[list[ExpectedClinicianTodo], FailFast()] = Field(default=[])

    @model_validator(mode="after")
    def _expects_something(self) -> "Expected":
        if not any(items for _, items in self):
            raise PydanticCustomError("empty", "at least one item is expected")
        return self

    def as_given(self) -> dict[str, list[dict[str, Any]]]:
        """All four lists, their items with the fields that were given."""
        items = {category: getattr(self, category) for category in ACTION_CATEGORIES}
        return {category: [item.model_dump(exclude_unset=True) for item in given] for category, given in items.items()}


class TestCaseBody(Body):
    """A transcript with the extraction that is right for it."""

    title: Name
    transcript: str
    expected: Expected
    is_active: StrictBool = True


class Promotion(Body):
    """How an approved visit becomes a gold case."""

    title: Name
    is_active: StrictBool = True


@with_config(_NO_OTHERS)
class TestCaseChange(TypedDict, total=False):
    """Only the fields that change."""

    title: Name
    expected: Expected
    is_active: StrictBool


class StoredTestCase(BaseModel):
    """As it was taken, whatever the limits are today."""

    id: UUID
    title: str
    transcript: str
    expected: dict[str, list[dict[str, Any]]]
    is_active: bool
    created_at: datetime
    updated_at: datetime


class SopPage(BaseModel):
    items: list[StoredSop]
    next_cursor: UUID | None


class TestCasePage(BaseModel):
    items: list[StoredTestCase]
    next_cursor: UUID | None

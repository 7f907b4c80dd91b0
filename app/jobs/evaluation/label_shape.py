"""What a line of a labelled file must hold for the scores to be computed; other keys are as they are."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator


def check_labels(number: int, line: str) -> None:
    """Raises ValueError that names the line and the key, and no word of the visit."""
    try:
        _Visit.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"line {number} holds no labelled visit: {place or 'it'}: {first['msg']}") from None


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True)


class _Order(_Strict):
    order_type: str
    description: str
    reason: str | None
    provenance: list[int]


class _Described(_Strict):
    description: str
    evidence: str


class _Medication(_Strict):
    medication_name: str
    evidence: str


class _Lists(_Strict):
    follow_up_tasks: list[_Described] = []
    medication_instructions: list[_Medication] = []
    patient_reminders: list[_Described] = []
    clinician_todos: list[_Described] = []


class _Visit(_Strict):
    transcript: str
    turn_spans: list[tuple[int, int, int]] = []
    orders: list[_Order] | None = None
    gold: _Lists | None = None
    gold_optional: _Lists = _Lists()
    proxy_gold: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _orders_name_turns(self) -> Self:
        turns = {turn for turn, _, _ in self.turn_spans}
        if any(not turns.issuperset(order.provenance) for order in self.orders or []):
            raise ValueError("an order's provenance names a turn that turn_spans does not")
        return self

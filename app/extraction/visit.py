"""What a request asks for: one visit to extract from, by one clinician, with the clinic's wishes."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from app.db.transcripts import content_hash
from app.db.users import Clinician
from app.language.fingerprint import normalised
from app.language.turns import Turn, split_turns


@dataclass(frozen=True, slots=True)
class CustomCategory:
    """A category that the clinic adds: its name, and in plain words what belongs into it."""

    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Visit:
    """A transcript exactly as it came, split into turns, and what to do with it.

    `normalised` has single spaces for all white space: by it the text is embedded, and known again.
    `stored_id` is set when the transcript is in the database already; `owner_id` when the clinician is known by id.
    """

    text: str
    clinician: Clinician
    notes: str | None = None
    visit_date: date | None = None
    sop_ids: tuple[UUID, ...] = ()
    custom_categories: tuple[CustomCategory, ...] = ()
    stored_id: UUID | None = None
    owner_id: UUID | None = None
    turns: list[Turn] = field(init=False)
    normalised: str = field(init=False)
    content_hash: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "turns", split_turns(self.text))
        object.__setattr__(self, "normalised", normalised(self.text))
        object.__setattr__(self, "content_hash", content_hash(self.normalised))

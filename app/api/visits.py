"""Makes a visit of a request body: the checks that need settings, the stored transcript, or more than a type."""

from typing import Any
from uuid import UUID

from app.api.access import Caller
from app.api.bodies import CustomCategoryBody, ExtractBody, ExtractOptions, UserBody
from app.db.engine import Database
from app.db.transcripts import find_transcript
from app.db.users import Clinician
from app.errors import InvalidCharacter, InvalidField, InvalidRequest, NotFound, TranscriptEmpty, TranscriptTooLong
from app.extraction.visit import CustomCategory, Visit
from app.findings import ITEM_TYPES
from app.settings import Settings


async def visit_of(body: ExtractBody, caller: Caller, db: Database, settings: Settings) -> Visit:
    """Raises a 422 problem for text or ids that cannot be taken, or `NotFound` for an unknown transcript."""
    options = _options(body, caller, settings)
    if body.transcript_id is not None:
        return await _stored_visit(body.transcript_id, caller, db, options)
    return Visit(text=checked_transcript(body.transcript or "", settings), **options)


def visit_of_text(text: str, options: ExtractOptions, caller: Caller, settings: Settings) -> Visit:
    """The same for a transcript that came as a file."""
    return Visit(text=checked_transcript(text, settings), **_options(options, caller, settings))


def checked_transcript(text: str, settings: Settings) -> str:
    """The transcript, exactly as it came, if it can be taken."""
    if len(text) > settings.max_transcript_chars:
        raise TranscriptTooLong(f"A transcript may have {settings.max_transcript_chars} characters.")
    check_characters(text, "/transcript")
    if not any(character.isalnum() for character in text):
        raise TranscriptEmpty()
    return text


def check_characters(text: str, pointer: str) -> None:
    """PostgreSQL cannot store a NUL, so it is refused where it stands."""
    offset = text.find("\x00")
    if offset >= 0:
        raise InvalidCharacter(f"NUL at offset {offset}.", errors=(InvalidField(pointer, f"nul_at_{offset}"),))


def clinician_of(user: UserBody | None, caller: Caller) -> Clinician:
    """Whom the request speaks for; raises `InvalidCharacter`."""
    if user is None:
        return Clinician(caller.organization_id)
    for field, value in user.model_dump().items():
        check_characters(value or "", f"/user/{field}")
    return Clinician(caller.organization_id, user.email, user.external_id, user.name)


async def _stored_visit(transcript_id: UUID, caller: Caller, db: Database, options: dict[str, Any]) -> Visit:
    async with db.read() as session:
        row = await find_transcript(session, caller.organization_id, transcript_id)
    if row is None:
        raise NotFound("There is no transcript under that id.")
    options["notes"] = options["notes"] or row.notes
    options["visit_date"] = options["visit_date"] or row.visit_date
    return Visit(text=row.text, stored_id=row.id, owner_id=row.user_id, **options)


def _options(body: ExtractOptions, caller: Caller, settings: Settings) -> dict[str, Any]:
    notes = body.notes or ""
    if len(notes) > settings.max_notes_chars:
        raise _too_long("/notes")
    check_characters(notes, "/notes")
    for position, category in enumerate(body.custom_categories):
        check_characters(category.description, f"/custom_categories/{position}/description")
    return {
        "clinician": clinician_of(body.user, caller),
        "notes": body.notes,
        "visit_date": body.visit_date,
        "sop_ids": _distinct(body.sop_ids, settings),
        "custom_categories": _categories(body.custom_categories, settings),
    }


def _distinct(sop_ids: list[UUID], settings: Settings) -> tuple[UUID, ...]:
    if len(sop_ids) > settings.max_sops:
        raise _too_long("/sop_ids")
    if len(set(sop_ids)) < len(sop_ids):
        raise InvalidRequest(errors=(InvalidField("/sop_ids", "duplicate"),))
    return tuple(sop_ids)


def _categories(bodies: list[CustomCategoryBody], settings: Settings) -> tuple[CustomCategory, ...]:
    if len(bodies) > settings.max_custom_categories:
        raise _too_long("/custom_categories")
    names = [body.name for body in bodies]
    if len(set(names)) < len(names) or any(name in ITEM_TYPES for name in names):
        raise InvalidRequest(errors=(InvalidField("/custom_categories", "name_taken"),))
    return tuple(CustomCategory(body.name, body.description) for body in bodies)


def _too_long(pointer: str) -> InvalidRequest:
    return InvalidRequest(errors=(InvalidField(pointer, "too_long"),))

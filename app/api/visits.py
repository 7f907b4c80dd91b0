"""Makes a visit of a request body: the checks that need settings, the stored transcript, or more than a type."""

from typing import Any
from uuid import UUID

from app.api.access import Caller
from app.api.bodies import CustomCategoryBody, ExtractBody, ExtractOptions, UserBody
from app.api.characters import refuse_unstorable_text
from app.db.engine import Database
from app.db.transcripts import find_transcript
from app.db.users import Clinician, find_user
from app.errors import Forbidden, InvalidField, InvalidRequest, NotFound, TranscriptEmpty, TranscriptTooLong
from app.extraction.visit import CustomCategory, Visit
from app.findings import ITEM_TYPES
from app.settings import Settings


async def visit_of(body: ExtractBody, caller: Caller, db: Database, settings: Settings) -> Visit:
    """Raises a 422 problem for text or ids that cannot be taken, or `NotFound` for an unknown transcript."""
    await refuse_other_clinician(body.user, caller, db)
    options = _options(body, caller, settings)
    if body.transcript_id is not None:
        return await _stored_visit(body.transcript_id, caller, db, options)
    return Visit(text=checked_transcript(body.transcript or "", settings), **options)


def visit_of_text(text: str, options: ExtractOptions, caller: Caller, settings: Settings) -> Visit:
    """The same for a transcript that came as a file, its options beside it."""
    refuse_unstorable_text(text, "/file")
    return Visit(text=checked_transcript(text, settings), **_options(options, caller, settings, "/options"))


def checked_transcript(text: str, settings: Settings) -> str:
    """The transcript, exactly as it came, if it is not too long or without words."""
    if len(text) > settings.max_transcript_chars:
        raise TranscriptTooLong(f"A transcript may have {settings.max_transcript_chars} characters.")
    if not any(character.isalnum() for character in text):
        raise TranscriptEmpty()
    return text


def clinician_of(user: UserBody | None, caller: Caller) -> Clinician:
    """Whom the request speaks for."""
    if user is None:
        return Clinician(caller.organization_id)
    return Clinician(caller.organization_id, user.email, user.external_id, user.name)


async def refuse_other_clinician(user: UserBody | None, caller: Caller, db: Database) -> None:
    """Raises `Forbidden` when a caller who is bound to one clinician names another."""
    if user is None or caller.user_id is None:
        return
    async with db.read(caller.organization_id) as session:
        if await find_user(session, clinician_of(user, caller)) != caller.user_id:
            raise Forbidden("This credential acts for one clinician, and the request names another.")


async def _stored_visit(transcript_id: UUID, caller: Caller, db: Database, options: dict[str, Any]) -> Visit:
    async with db.read(caller.organization_id) as session:
        row = await find_transcript(session, caller, transcript_id)
    if row is None:
        raise NotFound("There is no transcript under that id.")
    options["notes"] = options["notes"] or row.notes
    options["visit_date"] = options["visit_date"] or row.visit_date
    return Visit(text=row.text, stored_id=row.id, **options | {"owner_id": row.user_id})


def _options(body: ExtractOptions, caller: Caller, settings: Settings, root: str = "") -> dict[str, Any]:
    """`root` is the pointer to `body` within what was sent."""
    if len(body.notes or "") > settings.max_notes_chars:
        raise _invalid(f"{root}/notes", "too_long")
    return {
        "clinician": clinician_of(body.user, caller),
        "owner_id": caller.user_id,
        "notes": body.notes,
        "visit_date": body.visit_date,
        "sop_ids": _distinct(body.sop_ids, settings, f"{root}/sop_ids"),
        "custom_categories": _categories(body.custom_categories, settings, f"{root}/custom_categories"),
    }


def _distinct(sop_ids: list[UUID], settings: Settings, pointer: str) -> tuple[UUID, ...]:
    if len(sop_ids) > settings.max_sops:
        raise _invalid(pointer, "too_long")
    if len(set(sop_ids)) < len(sop_ids):
        raise _invalid(pointer, "duplicate")
    return tuple(sop_ids)


def _categories(bodies: list[CustomCategoryBody], settings: Settings, pointer: str) -> tuple[CustomCategory, ...]:
    if len(bodies) > settings.max_custom_categories:
        raise _invalid(pointer, "too_long")
    names = [body.name for body in bodies]
    if len(set(names)) < len(names) or any(name in ITEM_TYPES for name in names):
        raise _invalid(pointer, "name_taken")
    return tuple(CustomCategory(body.name, body.description) for body in bodies)


def _invalid(pointer: str, code: str) -> InvalidRequest:
    return InvalidRequest(errors=(InvalidField(pointer, code),))

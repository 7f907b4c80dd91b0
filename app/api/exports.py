"""Handing a visit on: to programs, spreadsheets, the patient, and other clinical systems."""

import asyncio
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Response

from app.api.access import CallerDep, PartsDep
from app.api.documented import READ, problems
from app.api.reviews import find
from app.db import audit
from app.exports.visit import ExportedVisit

router = APIRouter(tags=["review"])
Format = Literal["json", "csv", "docx", "fhir"]
_MEDIA: dict[Format, tuple[str, str]] = {
    "json": ("application/json", "json"),
    "csv": ("text/csv; charset=utf-8; header=present", "csv"),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    "fhir": ("application/fhir+json; fhirVersion=4.3", "fhir.json"),
}
_FILE = {"schema": {"type": "string", "format": "binary"}}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The visit as a file",
        "content": {media.partition(";")[0]: {} if name == "json" else _FILE for name, (media, _) in _MEDIA.items()},
    }
}


@router.get(
    "/extractions/{extraction_id}/export", response_class=Response, responses={**_FILES, **problems(404, 409, *READ)}
)
async def export_extraction(
    extraction_id: UUID,
    parts: PartsDep,
    caller: CallerDep,
    format: Annotated[Format, Query(description="docx: a summary for the patient; fhir: an R4B bundle")] = "json",
    unsigned: Annotated[bool, Query(description="Also what no clinician has approved, marked as that.")] = False,
) -> Response:
    """What is left of the findings after the review, as a file; 409 for what nobody approved, unless asked for."""
    visit = ExportedVisit.of(await find(extraction_id, parts, caller), unsigned=unsigned)
    written = await asyncio.to_thread(_written, visit, format)
    # In the database before anything leaves the house.
    async with parts.db.write(caller.organization_id) as session:
        await audit.record(session, caller, "export", "extractions", extraction_id)
    media, ending = _MEDIA[format]
    # Named after the record: a name that says more would lie around in downloads.
    named = {"Content-Disposition": f'attachment; filename="visit-{extraction_id}.{ending}"'}
    return Response(written, media_type=media, headers=named)


def _written(visit: ExportedVisit, form: Format) -> bytes:
    """Each form's own libraries are loaded when it is first asked for: they are large, and most processes never are."""
    if form == "csv":
        from app.exports.table import as_table

        return as_table(visit)
    if form == "docx":
        from app.exports.letter import as_letter

        return as_letter(visit)
    if form == "fhir":
        from app.exports.fhir_bundle import as_bundle

        return as_bundle(visit)
    from app.exports.document import as_document

    return orjson.dumps(as_document(visit))

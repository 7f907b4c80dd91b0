"""`POST /extract`: a transcript in, a checked list of what must happen next out; as one answer or as a stream."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, File, Form, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import ValidationError
from starlette.datastructures import FormData

from app.api.access import Caller, PartsDep, SpenderDep, spend_tokens
from app.api.bodies import ExtractBody, ExtractOptions, RunBody
from app.api.documented import BODY, MODEL, VISIT, created, problems
from app.api.events import events_of
from app.api.idempotency import KeyDep
from app.api.ongoing import answer_of
from app.api.problems import fields_of
from app.api.requests import JsonRoute, UploadRoute, path_of, strict_json
from app.api.visits import refuse_other_clinician, visit_of, visit_of_text
from app.db.idempotency_keys import Key
from app.documents import read_document
from app.errors import InvalidField, InvalidRequest
from app.extraction.visit import Visit
from app.parts import Parts

router = APIRouter(tags=["extraction"], route_class=JsonRoute)
uploads = APIRouter(tags=["extraction"], route_class=UploadRoute)
_NEXT = ("get_extraction", "review_extraction", "finish_review", "export_extraction", "get_similar", "get_run_timings")
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The same as a stream of events", "content": {"text/event-stream": {}}},
    **created("extraction_id", *_NEXT, model=RunBody),
    **problems(404, *BODY, *MODEL),
}


@router.post("/extract", status_code=201, response_class=Response, responses=_RESPONSES)
async def extract(
    body: Annotated[ExtractBody, Body(openapi_examples=VISIT)],
    request: Request,
    parts: PartsDep,
    caller: SpenderDep,
    key: KeyDep,
) -> Response:
    """Extracts from a transcript. With `Accept: text/event-stream` each phase is told as it ends."""
    visit = await visit_of(body, caller, parts.db, parts.settings)
    return await _respond(visit, caller, key, request, parts)


@uploads.post("/extract/file", status_code=201, response_class=Response, responses=_RESPONSES)
async def extract_file(
    file: Annotated[UploadFile, File(description="txt, vtt, pdf or docx")],
    request: Request,
    parts: PartsDep,
    caller: SpenderDep,
    key: KeyDep,
    options: Annotated[str, Form(description="the other fields of POST /extract, as JSON")] = "{}",
) -> Response:
    """The same for a file."""
    _refuse_other_parts(await request.form())
    text = await read_document(await file.read(), parts.settings)
    chosen = _options(options)
    await refuse_other_clinician(chosen.user, caller, parts.db)
    visit = visit_of_text(text, chosen, caller, parts.settings)
    return await _respond(visit, caller, key, request, parts)


def _refuse_other_parts(form: FormData) -> None:
    """A part that we do not know is an error as in a JSON body, and so is one too many."""
    names = [name for name, _ in form.multi_items()]
    twice = [InvalidField(f"/{name}", "duplicate") for name in ("file", "options") if names.count(name) > 1]
    unknown = [InvalidField("", "extra_forbidden")] if set(names) - {"file", "options"} else []
    if twice or unknown:
        raise InvalidRequest(errors=(*twice, *unknown))


def _options(given: str) -> ExtractOptions:
    # A charset of the client's choice can decode to what UTF-8 cannot say; the parser refuses it.
    document = strict_json(given.encode(errors="surrogatepass"), "/options")
    try:
        return ExtractOptions.model_validate(document)
    except ValidationError as error:
        raise InvalidRequest(errors=fields_of(error.errors(), "body", "options")) from None


async def _respond(visit: Visit, caller: Caller, key: Key | None, request: Request, parts: Parts) -> Response:
    answer = partial(_answer, visit, caller, key, request, parts)
    if "text/event-stream" in request.headers.get("accept", ""):
        return StreamingResponse(events_of(answer, request), media_type="text/event-stream")
    told = await answer_of(request.app.state.ongoing.start(answer(), request), request)
    headers = {"Location": path_of(request, "extractions", told["id"])}
    return Response(orjson.dumps(told), 201, headers, media_type="application/json")


async def _answer(visit: Visit, caller: Caller, key: Key | None, request: Request, parts: Parts) -> dict[str, Any]:
    run = partial(parts.pipeline.run, visit, caller, request.state.timings)
    answer, is_replay = (await run(), False) if key is None else await parts.once.answer(key, visit, run)
    if is_replay:
        parts.audit_log.note(caller, "read", "extractions", UUID(answer["id"]))
    else:
        parts.metrics.count_extraction(answer)
        spend_tokens(request, sum(answer["usage"].values()))
    request.state.extraction_id, request.state.degraded = answer["id"], answer["degraded"]
    return answer

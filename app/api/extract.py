"""`POST /extract`: a transcript in, a checked list of what must happen next out; as one answer or as a stream."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
import structlog
from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from app.api.access import CallerDep, PartsDep
from app.api.bodies import ExtractBody, ExtractOptions, ProblemBody, RunBody
from app.api.problems import fields_of
from app.api.requests import JsonRoute, UploadRoute, strict_json
from app.api.visits import visit_of, visit_of_text
from app.documents import read_document
from app.errors import InvalidRequest, Problem
from app.extraction.visit import Visit
from app.parts import Parts
from app.timings import PhaseTiming, Timings

router = APIRouter(tags=["extraction"], route_class=JsonRoute)
uploads = APIRouter(tags=["extraction"], route_class=UploadRoute)
_RESPONSES: dict[int | str, dict[str, Any]] = {
    201: {"model": RunBody, "content": {"text/event-stream": {}}},
    "4XX": {"model": ProblemBody},
    "5XX": {"model": ProblemBody},
}
log = structlog.get_logger()


@router.post("/extract", status_code=201, response_class=Response, responses=_RESPONSES)
async def extract(body: ExtractBody, request: Request, parts: PartsDep, caller: CallerDep) -> Response:
    """Extracts from a transcript. With `Accept: text/event-stream` each phase is told as it ends."""
    visit = await visit_of(body, caller, parts.db, parts.settings)
    return await _respond(visit, request, parts)


@uploads.post("/extract/file", status_code=201, response_class=Response, responses=_RESPONSES)
async def extract_file(
    file: Annotated[UploadFile, File(description="txt, vtt, pdf or docx")],
    request: Request,
    parts: PartsDep,
    caller: CallerDep,
    options: Annotated[str, Form(description="the other fields of POST /extract, as JSON")] = "{}",
) -> Response:
    """The same for a file."""
    text = await read_document(await file.read(), parts.settings)
    return await _respond(visit_of_text(text, _options(options), caller, parts.settings), request, parts)


def _options(given: str) -> ExtractOptions:
    try:
        return ExtractOptions.model_validate(strict_json(given.encode()))
    except ValidationError as error:
        raise InvalidRequest(errors=fields_of(error.errors(), "options")) from None


async def _respond(visit: Visit, request: Request, parts: Parts) -> Response:
    timings: Timings = request.state.timings
    if "text/event-stream" in request.headers.get("accept", ""):
        return StreamingResponse(_events(visit, parts, timings, request), media_type="text/event-stream")
    answer = await _answer(visit, parts, timings, request)
    return Response(orjson.dumps(answer), 201, media_type="application/json")


async def _answer(visit: Visit, parts: Parts, timings: Timings, request: Request) -> dict[str, Any]:
    answer = await parts.pipeline.run(visit, timings)
    parts.metrics.count_extraction(answer)
    request.state.extraction_id, request.state.degraded = answer["id"], answer["degraded"]
    return answer


async def _events(visit: Visit, parts: Parts, timings: Timings, request: Request) -> AsyncIterator[bytes]:
    """One `phase` event as each phase ends, then one `result` or `problem`."""
    ended: asyncio.Queue[bytes | None] = asyncio.Queue()
    timings.on_phase = lambda name, phase: ended.put_nowait(_phase_event(name, phase))
    running = asyncio.create_task(_answer(visit, parts, timings, request))
    running.add_done_callback(lambda _: ended.put_nowait(None))
    while (event := await ended.get()) is not None:
        yield event
    try:
        yield _event("result", running.result())
    except Problem as problem:
        request.state.problem = problem
        yield _event("problem", problem.body(request.state.request_id))
    except Exception as error:  # the status line is long gone: the stream must say it
        log.error("unexpected", error=type(error).__name__)
        yield _event("problem", Problem().body(request.state.request_id))


def _phase_event(name: str, phase: PhaseTiming) -> bytes:
    told = {"phase": name, "start_ms": round(phase.start_ms, 3), "ms": round(phase.ms, 3), "failed": phase.failed}
    return _event("phase", told)


def _event(kind: str, data: dict[str, Any]) -> bytes:
    """One event as the HTML standard's event streams want it; JSON has no line breaks to split."""
    return b"event: " + kind.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"

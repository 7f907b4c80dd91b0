"""Serves the pages and the samples that they offer, under a policy that lets a page talk to this service alone."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app import samples
from app.errors import NotFound

_ASSETS = Path(__file__).parent / "assets"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # No name holds a hash, so a browser has to ask each time; the ETag spares it the content.
    "Cache-Control": "no-cache",
}

router = APIRouter(include_in_schema=False)


class _Pages(StaticFiles):
    """The folder's files, each with the headers of a page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        return response


_pages = _Pages(directory=_ASSETS)


def add_pages(app: FastAPI) -> None:
    """The page at `/`, its files under `/assets`, the samples under `/samples`."""
    app.include_router(router)
    app.mount("/assets", _pages, name="assets")


@router.get("/")
async def index(request: Request) -> Response:
    return await _pages.get_response("index.html", request.scope)


@router.get("/samples")
async def list_samples() -> dict[str, Any]:
    """The names of the made-up visits, the one to try first at the head, and SOPs as `POST /sops` takes them."""
    names = samples.visit_names()
    return {"visits": sorted(names, key=lambda name: name != samples.DEMO_VISIT), "sops": samples.sops()}


@router.get("/samples/{name}", response_class=PlainTextResponse)
async def get_sample(name: str) -> str:
    """One visit's transcript."""
    try:
        return samples.visit_text(name)
    except KeyError:
        raise NotFound("There is no sample under that name.") from None

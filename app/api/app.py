"""Puts the routes together into one ASGI app whose documentation works without the network."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline

from app import __version__
from app.api import exports, extract, extractions, ops, reviews, search, session, sops, test_cases
from app.api.admission import AdmissionGate
from app.api.documented import tell_security
from app.api.envelope import Envelope
from app.api.ongoing import Ongoing
from app.api.problems import handle_problems
from app.settings import Settings
from app.web.pages import add_pages


def build_api(settings: Settings, lifespan: Any) -> FastAPI:
    """The app; `lifespan` must leave the running parts in `app.state.parts`."""
    ongoing = Ongoing(settings.request_deadline_s)

    @asynccontextmanager
    async def until_work_ends(app: FastAPI) -> AsyncIterator[None]:
        async with lifespan(app):
            yield
            await ongoing.finish()

    # The offline variant brings the page of /docs along, and insists on having it.
    kind = FastAPIOffline if settings.api_docs else partial(FastAPI, openapi_url=None)
    app: FastAPI = kind(
        redoc_url=None,
        title="medextract",
        version=__version__,
        summary="What must happen after a visit: checked, with the words that prove it.",
        lifespan=until_work_ends,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    app.state.ongoing = ongoing
    for routes in (
        extract.router,
        extract.uploads,
        extractions.router,
        reviews.router,
        exports.router,
        search.router,
        sops.router,
        test_cases.router,
        ops.router,
        session.router,
    ):
        app.include_router(routes)
    add_pages(app)
    handle_problems(app)
    tell_security(app, settings.auth != "disabled")
    app.add_middleware(AdmissionGate, settings=settings)
    app.add_middleware(Envelope, settings=settings)  # the last is the outermost
    return app


def _operation_id(route: APIRoute) -> str:
    """The function's name, so that generated clients read well."""
    return route.name

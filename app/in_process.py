"""The API without a network: commands call the same app that `serve` runs, over ASGI."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from app.main import create_app
from app.settings import Settings


@asynccontextmanager
async def api_client(
    settings: Settings, url: str | None = None, key: str | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the service at `url`, which is shown the key, or of one in this process, which asks for none.

    The latter is the local organization's: who has the database's password needs no key to it.
    """
    timeout = settings.request_deadline_s + 10
    if url is not None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with httpx.AsyncClient(base_url=url, timeout=timeout, headers=headers) as client:
            yield client
        return
    app = create_app(settings.model_copy(update={"auth": "disabled"}))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://medextract.invalid", timeout=timeout) as client,
    ):
        yield client

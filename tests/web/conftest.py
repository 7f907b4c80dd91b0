"""What a browser test needs: one Chromium a worker, the service on a real socket, and pages that are watched."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from tests.conftest import Service, serving
from tests.web import chromium

OpenPage = Callable[..., Awaitable[Page]]
# As long as what is waited for by its selector: the machine may be busy with other tests.
expect.set_options(timeout=15_000)


@dataclass
class Watched:
    """What pages must not do; a test that causes a message names a part of it in `expected`."""

    console: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def watch(self, page: Page, site: str) -> None:
        page.on("console", self._told)
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self._asked(request.url, site))

    def _told(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.console.append(message.text)

    def _asked(self, url: str, site: str) -> None:
        if not url.startswith((site, "data:", "blob:")):
            self.foreign.append(url)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = await asyncio.to_thread(chromium.find)
    if path is None:
        if os.environ.get("BROWSER_TESTS") == "required":
            pytest.fail(chromium.MISSING.replace("are skipped", "cannot run"))
        # `make test` must pass on a machine that neither has a browser nor can get one; CI's own script requires it.
        pytest.skip(chromium.MISSING)
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        yield opened
        await opened.close()


@pytest.fixture(scope="session")
async def site(offline: Service) -> AsyncIterator[str]:
    """The base URL of the service with the offline engine."""
    async with serving(offline.app) as url:
        yield url


@pytest.fixture
async def watched() -> AsyncIterator[Watched]:
    """At the end nothing is on the console (which a violated policy would be) and no other origin was asked."""
    kept = Watched()
    yield kept
    assert [line for line in kept.console if not any(part in line for part in kept.expected)] == []
    assert kept.foreign == []


@pytest.fixture
async def open_page(browser: Browser, site: str, watched: Watched) -> AsyncIterator[OpenPage]:
    """Opens an address of the pages in a browser context of its own."""
    async with AsyncExitStack() as stack:

        async def opened(address: str = "/", base: str | None = None, **options: Any) -> Page:
            context = await browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
            stack.push_async_callback(context.close)
            context.set_default_timeout(15_000)
            page = await context.new_page()
            watched.watch(page, base or site)
            await page.goto((base or site) + address)
            return page

        yield opened


async def open_visit(page: Page, extraction_id: str) -> None:
    """Goes to the review of a stored visit and waits until it can be used."""
    await page.evaluate("id => { location.hash = `#/visits/${id}`; }", extraction_id)
    await page.wait_for_selector(f"review-visit[visit-id='{extraction_id}'] finding-card[aria-current]")

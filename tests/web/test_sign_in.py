"""Signing in: a key becomes a cookie, each role sees its own parts, and signing out ends it."""

from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect
from sqlalchemy.engine import URL

from app.settings import Settings
from tests.access import key_for, keys_settings
from tests.conftest import VISIT, running_service, serving
from tests.web.conftest import OpenPage, Watched


@pytest.fixture
def settings(database_url: URL) -> Settings:
    return keys_settings(database_url)


@pytest.fixture
async def guarded(settings: Settings) -> AsyncIterator[str]:
    """The base URL of a service that asks for keys."""
    async with running_service(settings) as service, serving(service.app) as url:
        yield url


async def test_a_key_opens_the_pages_and_signing_out_closes_them(
    open_page: OpenPage, guarded: str, settings: Settings, watched: Watched
) -> None:
    page = await open_page("/", base=guarded)
    await page.wait_for_selector("dialog.sign-in")
    assert (await Axe().run(page)).response["violations"] == []
    await page.fill("#api-key", "mx_wrong")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=That key is not known here")
    await page.fill("#api-key", await key_for(settings, "clinician"))
    await page.keyboard.press("Enter")
    await expect(page.locator("dialog")).to_have_count(0)
    await expect(page.locator("nav a:visible")).to_have_text(["New visit", "Visits", "SOPs", "Gold cases"])
    assert await page.evaluate("document.cookie + JSON.stringify({...localStorage, ...sessionStorage})") == "{}"

    await page.fill("#transcript", VISIT)
    await page.click("form button.main")
    await page.wait_for_selector("finding-card[aria-current]")
    await page.keyboard.press("a")
    await page.wait_for_selector("finding-card[data-state=accepted]")
    await page.reload()
    await page.wait_for_selector("finding-card[data-state=accepted]")
    await page.click("#sign-out")
    await page.wait_for_selector("dialog.sign-in")
    watched.expected += ["401"]


async def test_operators_begin_at_their_own_page(
    open_page: OpenPage, guarded: str, settings: Settings, watched: Watched
) -> None:
    page = await open_page("/", base=guarded)
    await page.fill("#api-key", await key_for(settings, "ops"))
    await page.keyboard.press("Enter")
    await page.wait_for_selector("ops-board .numbers, ops-board .empty")
    await expect(page.locator("nav a:visible")).to_have_text(["Ops"])
    watched.expected += ["401", "403"]

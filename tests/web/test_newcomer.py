"""A newcomer's way through the pages, by keyboard alone: load the sample, run, review, finish, export."""

import asyncio
import json
from pathlib import Path

from playwright.async_api import Page, expect

from app import samples
from tests.conftest import Service
from tests.web.conftest import OpenPage

_FOCUSED = (
    "() => (document.activeElement?.innerText || document.activeElement?.getAttribute('aria-label') || '').trim()"
)


async def tab_to(page: Page, name: str, key: str = "Tab") -> None:
    """Presses Tab until the element of that name has the focus, as a person without a mouse would."""
    for _ in range(150):
        await page.keyboard.press(key)
        if (await page.evaluate(_FOCUSED)).startswith(name):
            return
    raise AssertionError(f"{name} is not within reach of the keyboard")


async def test_from_the_sample_to_the_export(open_page: OpenPage, offline: Service) -> None:
    page = await open_page("/")
    await page.wait_for_selector("#sample")
    await tab_to(page, "Load sample")
    await page.keyboard.press("Enter")
    await expect(page.locator("#transcript")).to_have_value(samples.demo_visit())
    await page.keyboard.press("Control+Enter")
    await page.wait_for_selector("finding-card[aria-current]")
    visit = page.url.rsplit("/", 1)[1]

    cards = await page.locator("finding-card").count()
    await page.keyboard.press("a")
    await page.wait_for_selector("finding-card[data-state=accepted]")
    await page.keyboard.press("e")
    await tab_to(page, "")
    await page.locator("finding-card form input[name=special_instructions]").fill("with food")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("finding-card[data-state=edited]")
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await page.wait_for_selector("finding-card[data-state=rejected]")
    await page.keyboard.press("u")
    await expect(page.locator("finding-card[data-state=rejected]")).to_have_count(0)
    await page.keyboard.press("x")
    await page.wait_for_selector("finding-card[data-state=rejected]")
    await page.reload()
    await page.wait_for_selector("finding-card[data-state=rejected]")
    assert await page.locator("finding-card[data-state=edited]").count() == 1

    for _ in range(cards):
        await page.keyboard.press("n")
        await page.keyboard.press("a")
    await expect(page.locator("finding-card[data-state=undecided]")).to_have_count(0)
    await tab_to(page, "Finish the review", "Shift+Tab")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Approved")
    stored = await offline.get(f"/extractions/{visit}")
    assert stored["review"]["status"] == "approved"
    states = [item["state"] for item in stored["review"]["items"]]
    assert (states.count("edited"), states.count("rejected"), states.count("undecided")) == (1, 1, 0)
    assert all(decision["seconds"] is not None for decision in stored["review"]["decisions"])

    await tab_to(page, "Export")
    await page.keyboard.press("Enter")
    await tab_to(page, "JSON")
    async with page.expect_download() as started:
        await page.keyboard.press("Enter")
    download = await started.value
    exported = json.loads(await asyncio.to_thread(Path(await download.path()).read_bytes))
    assert "with food" in json.dumps(exported)


async def test_a_reload_keeps_the_place(open_page: OpenPage, offline: Service) -> None:
    answer = await offline.extract()
    page = await open_page(f"/#/visits/{answer['id']}")
    await page.wait_for_selector("finding-card")
    await page.reload()
    await page.wait_for_selector("finding-card")
    assert page.url.endswith(answer["id"])
    await page.click("nav >> text=SOPs")
    await page.go_back()
    await page.wait_for_selector("finding-card")

"""Makes the pictures of the README anew: `make screenshots` runs the service on a made-up visit and photographs it."""

import asyncio
import tempfile
from pathlib import Path

import httpx
from playwright.async_api import Browser, async_playwright

from app import samples
from app.serving import running
from app.settings import Settings
from tests.conftest import PROJECT
from tests.web import chromium

IMAGES = PROJECT / "docs" / "images"
_SIZE = {"width": 1280, "height": 800}


async def photograph(url: str, browser: Browser) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as client:
        sop = (await client.post("/sops", json=samples.sops()[0])).raise_for_status().json()
        for name in samples.visit_names():
            await client.post("/extract", json={"transcript": samples.visit_text(name), "visit_date": "2026-11-20"})
        body = {"transcript": samples.demo_visit(), "visit_date": "2026-11-20", "sop_ids": [sop["id"]]}
        visit = (await client.post("/extract", json=body)).raise_for_status().json()
    page = await browser.new_page(viewport=_SIZE)
    await page.goto(f"{url}/#/visits/{visit['id']}")
    await page.wait_for_selector("finding-card[aria-current]")
    await page.keyboard.press("a")
    await page.wait_for_selector("finding-card[data-state=accepted]")
    await page.screenshot(path=IMAGES / "review.png")
    dark = await browser.new_page(viewport=_SIZE, color_scheme="dark")
    await dark.goto(f"{url}/#/ops")
    await dark.wait_for_selector(".numbers")
    await dark.screenshot(path=IMAGES / "ops.png")


async def main() -> None:
    path = await asyncio.to_thread(chromium.find)
    if path is None:
        raise SystemExit(chromium.MISSING)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        settings = Settings(_env_file=None, data_dir=Path(data))
        async with running(settings) as url, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
            await photograph(url, browser)
            await browser.close()


if __name__ == "__main__":
    asyncio.run(main())

"""Every screen for everyone: axe finds no violation, highlights have contrast, motion and colours follow the reader."""

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from app import samples
from tests.conftest import Service
from tests.web.conftest import OpenPage, open_visit

_MODES: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": {"width": 320, "height": 640}},
}
_CONTRAST = """kind => {
  const { color, backgroundColor } = getComputedStyle(document.querySelector('.said'), `::highlight(${kind})`);
  const light = text => { const parts = text.match(/[\\d.]+/g).slice(0, 3).map(Number);
    const [r, g, b] = parts.map(part => part / 255)
    .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const [one, other] = [light(color), light(backgroundColor)];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}"""


@pytest.fixture(scope="module")
async def visit(offline: Service) -> dict[str, Any]:
    """A reviewed visit with an SOP, a custom category, a gold case and one like it: every screen has content."""
    sop = (await offline.client.post("/sops", json=samples.sops()[0])).json()
    gold = {
        "title": "Gold",
        "transcript": samples.demo_visit(),
        "expected": samples.visit_labels("sample_visit")["gold"],
    }
    expected = {name: items for name, items in gold["expected"].items() if name.endswith(("s", "tasks"))}
    await offline.client.post("/test-cases", json={**gold, "expected": expected})
    body = {"transcript": samples.demo_visit(), "visit_date": "2026-11-20", "sop_ids": [sop["id"]]}
    await offline.client.post("/extract", json=body)
    return dict((await offline.client.post("/extract", json=body)).json())


async def violations(page: Page) -> list[str]:
    results = await Axe().run(page)
    return [f"{found['id']}: {found['nodes'][0]['html'][:200]}" for found in results.response["violations"]]


@pytest.mark.parametrize("mode", _MODES)
async def test_axe_finds_nothing_on_any_screen(open_page: OpenPage, visit: dict[str, Any], mode: str) -> None:
    page = await open_page("/", **_MODES[mode])
    other = visit["id"]
    screens = {
        "#/": "#sample",
        f"#/visits/{visit['id']}": "finding-card[aria-current]",
        "#/visits": ".rows",
        f"#/visits/{visit['id']}/compare/{other}": ".compare",
        "#/sops": ".things",
        "#/gold": "gold-list .rows, gold-list .empty",
        "#/ops": ".numbers",
        "#/running": "running-visit .empty",
        "#/nowhere": ".empty",
    }
    found = {}
    for address, shown in screens.items():
        await page.evaluate("address => { location.hash = address; }", address)
        await page.wait_for_selector(shown)
        found[address] = await violations(page)
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{address} scrolls sideways"
    await page.evaluate("address => { location.hash = address; }", f"#/visits/{visit['id']}")
    await page.wait_for_selector("finding-card[aria-current]")
    await page.keyboard.press("e")
    await page.wait_for_selector(".finding-form")
    found["editing"] = await violations(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("+")
    await page.wait_for_selector(".finding-form.add")
    found["adding"] = await violations(page)
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await page.wait_for_selector("dialog[open]")
    found["keys"] = await violations(page)
    assert {address: problems for address, problems in found.items() if problems} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_highlighted_words_can_be_read(open_page: OpenPage, visit: dict[str, Any], scheme: str) -> None:
    page = await open_page(f"/#/visits/{visit['id']}", color_scheme=scheme)
    await page.wait_for_selector("finding-card[aria-current]")
    ratios = {kind: await page.evaluate(_CONTRAST, kind) for kind in ("evidence", "missed", "chosen")}
    assert all(ratio >= 4.5 for ratio in ratios.values()), ratios


async def test_less_motion_and_the_reader_s_own_colours(open_page: OpenPage, visit: dict[str, Any]) -> None:
    page = await open_page(f"/#/visits/{visit['id']}", reduced_motion="reduce", forced_colors="active")
    await page.wait_for_selector("finding-card[aria-current]")
    moving = (
        "[...document.querySelectorAll('*')].filter(one => getComputedStyle(one).transitionDuration !== '0s').length"
    )
    assert await page.evaluate(moving) == 0
    chosen, system = await page.evaluate(
        """() => { const probe = document.createElement('p'); probe.style.backgroundColor = 'Highlight';
          document.querySelector('main').append(probe);
          const system = getComputedStyle(probe).backgroundColor; probe.remove();
          return [getComputedStyle(document.querySelector('.said'), '::highlight(chosen)').backgroundColor,
            system]; }"""
    )
    assert chosen == system


async def test_a_long_visit_is_as_quick_to_move_in_as_a_short_one(open_page: OpenPage, offline: Service) -> None:
    """20,000 words. The bounds are many times what it takes, so that a busy machine does not matter."""
    part = samples.demo_visit()
    text = part * (20_000 // len(part.split()) + 1)
    answer = await offline.extract(text)
    page = await open_page("/#/nowhere")
    await page.evaluate("() => { window.began = performance.now(); }")
    await open_visit(page, answer["id"])
    usable = await page.evaluate("performance.now() - began")
    moved = await page.evaluate(
        """async () => { const list = document.querySelector('finding-list'); const times = [];
          for (let step = 0; step < 20; step += 1) { const began = performance.now(); list.move(1);
            document.body.offsetHeight; await new Promise(requestAnimationFrame);
            times.push(performance.now() - began); }
          return times.sort((one, other) => one - other)[10]; }"""
    )
    turns = await page.locator(".turn").count()
    assert turns > 500
    assert (usable < 5000, moved < 250) == (True, True), (usable, moved)

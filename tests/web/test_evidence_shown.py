"""The words that are highlighted are the words that prove a finding, whatever characters a transcript holds."""

import random
from typing import Any

import pytest
from playwright.async_api import Page

from app import samples
from tests.conftest import Service
from tests.web.conftest import OpenPage, open_visit

_CHOSEN = "[...CSS.highlights.get('chosen')].map(range => range.toString())"
_EACH = f"""async () => {{
  const shown = {{}};
  for (const card of document.querySelectorAll('finding-card')) {{
    card.closest('finding-list').choose(card.reviewed.id);
    shown[card.reviewed.id] = {_CHOSEN};
  }}
  return shown;
}}"""
# Names a decomposed accent, characters of two units, a family of four joined into one glyph, and CRLF.
_STRANGE = (
    "Doctor: Cafe\u0301 or tea, \U0001f44d\U0001f3fd? \U0001d4b3 first.\r\n"
    "Patient: \U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 I take ibuprofen 400 mg.\r\n"
    "Doctor: Take ibuprofen 400 mg twice a day \U0001f48a for ten days.\r\n"
)


def quotes(extraction: dict[str, Any]) -> dict[str, list[str]]:
    lists = [items for items in extraction.values() if isinstance(items, list)]
    return {item["id"]: [quote["quote"] for quote in item["evidence"]] for items in lists for item in items}


async def test_every_finding_of_the_samples_highlights_its_quotes(open_page: OpenPage, offline: Service) -> None:
    page = await open_page("/")
    names = samples.visit_names()
    assert len(names) >= 10
    for name in names:
        answer = await offline.extract(samples.visit_text(name))
        if not quotes(answer["extraction"]):
            continue
        await open_visit(page, answer["id"])
        assert await page.evaluate(_EACH) == quotes(answer["extraction"]), name


async def test_strange_characters_move_no_highlight(open_page: OpenPage, offline: Service) -> None:
    answer = await offline.extract(_STRANGE)
    expected = quotes(answer["extraction"])
    assert any("\U0001f48a" in quote for found in expected.values() for quote in found)
    page = await open_page(f"/#/visits/{answer['id']}")
    await page.wait_for_selector("finding-card[aria-current]")
    assert await page.evaluate(_EACH) == expected
    assert await page.evaluate("document.querySelector('transcript-view').textContent") == _STRANGE


@pytest.mark.parametrize("seed", range(3))
async def test_any_span_is_found_and_found_back(open_page: OpenPage, offline: Service, seed: int) -> None:
    """Of any two offsets, over turns and labels, also where spans overlap."""
    chance = random.Random(seed)
    answer = await offline.extract(_STRANGE)
    page = await open_page(f"/#/visits/{answer['id']}")
    await page.wait_for_selector("finding-card[aria-current]")
    spans = [sorted(chance.sample(range(len(_STRANGE) + 1), 2)) for _ in range(100)]
    shown = await page.evaluate(
        """spans => { const view = document.querySelector('transcript-view');
          return spans.map(([start, end]) => { const range = view.rangeOf({start, end});
            getSelection().removeAllRanges(); getSelection().addRange(range);
            return [range.toString(), view.words({start, end}), view.selected()]; }); }""",
        spans,
    )
    for (start, end), (of_range, words, selected) in zip(spans, shown, strict=True):
        assert of_range == words == _STRANGE[start:end]
        trimmed = _STRANGE[start:end].strip()
        if trimmed:
            assert _STRANGE[selected["start"] : selected["end"]] == trimmed


async def test_a_click_in_the_transcript_goes_through_the_findings_that_share_the_words(
    open_page: OpenPage, offline: Service
) -> None:
    answer = await offline.extract("Doctor: \U0001f44d Order an A1c and a lipid panel today.\nPatient: All right.\n")
    page = await open_page(f"/#/visits/{answer['id']}")
    await page.wait_for_selector("finding-card[aria-current]")
    assert await page.locator("finding-card").count() >= 2
    chosen = set()
    for _ in range(4):
        place = await page.evaluate(
            "() => { const {left, top} = document.querySelector('transcript-view').rangeOf({start: 25, end: 27})"
            ".getBoundingClientRect(); return [left + 3, top + 8]; }"
        )
        await page.mouse.click(*place)
        chosen.add(await _chosen(page))
    assert len(chosen) >= 2


async def _chosen(page: Page) -> str:
    return str(await page.evaluate("document.querySelector('finding-card[aria-current]').id"))


async def test_words_that_are_selected_become_a_finding(open_page: OpenPage, offline: Service) -> None:
    answer = await offline.extract(_STRANGE)
    start = _STRANGE.index("tea")
    page = await open_page(f"/#/visits/{answer['id']}")
    await page.wait_for_selector("finding-card[aria-current]")
    await page.evaluate(
        "span => { const range = document.querySelector('transcript-view').rangeOf(span);"
        " getSelection().removeAllRanges(); getSelection().addRange(range); }",
        {"start": start, "end": start + 6},
    )
    await page.click("text=Add a finding from these words")
    await page.select_option("#new-category", "patient_reminders")
    await page.fill(".finding-form [name=description]", "Drink tea")
    await page.click(".finding-form button.main")
    await page.wait_for_selector("finding-card >> text=Drink tea")
    stored = await offline.get(f"/extractions/{answer['id']}")
    added = [item for item in stored["review"]["items"] if item["origin"] == "person"]
    assert [item["item"]["evidence"][0]["quote"] for item in added] == [_STRANGE[start : start + 6]]

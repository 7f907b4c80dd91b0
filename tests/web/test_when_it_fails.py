"""The pages under faults: a stream that is cut, a service that is gone, a visit that another tab has changed."""

import json
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from app.timings import PHASES
from tests.conftest import VISIT, OpenService, Service, serving
from tests.scripted_provider import ScriptedProvider, answer
from tests.web.conftest import OpenPage, Watched
from tests.web.cutting_proxy import CuttingProxy, cutting_proxy


@pytest.fixture
async def proxy(site: str) -> AsyncIterator[CuttingProxy]:
    async with cutting_proxy(site) as opened:
        yield opened


async def test_a_stream_that_is_cut_is_taken_up_again_without_a_second_model_call(
    open_page: OpenPage, open_service: OpenService, watched: Watched
) -> None:
    provider = ScriptedProvider()
    service = await open_service(provider)
    async with serving(service.app) as url, cutting_proxy(url) as proxy:
        page = await open_page("/", base=proxy.url)
        # Each phase as it becomes known to the page, in order.
        await page.evaluate(
            """async () => { const { Run } = await import('/assets/running/run.js'); window.told = [];
              const set = Map.prototype.set;
              addEventListener('hashchange', () => {});
              window.states = []; const dispatch = Run.prototype.dispatchEvent;
              Run.prototype.dispatchEvent = function (event) {
                states.push([this.state, [...this.phases.keys()]]); return dispatch.call(this, event); }; }"""
        )
        proxy.cut_after = b'"phase":"open_run"'
        await page.fill("#transcript", VISIT)
        await page.click("button.main")
        await page.wait_for_selector(".findings-pane")
        states = await page.evaluate("states")
    assert proxy.cuts == 1
    assert "reconnecting" in [state for state, _ in states]
    last = states[-1][1]
    assert sorted(last) == sorted(PHASES), "none lost, none doubled"
    assert len(provider.chats) == 1
    watched.expected += ["ERR_", "409"]


async def test_a_run_is_cancelled_and_what_was_entered_stays(open_page: OpenPage, open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(answer(delay_s=2)))
    async with serving(service.app) as url:
        page = await open_page("/", base=url)
        await page.fill("#transcript", VISIT)
        await page.click("button.main")
        await page.wait_for_selector("tr[data-phase=open_run][data-state=done]")
        await page.click("text=Cancel")
        await page.wait_for_selector("text=Cancelled.")
        await page.click("text=Back to what you entered")
        assert await page.input_value("#transcript") == VISIT


async def test_nothing_typed_is_lost_while_the_service_is_down(
    open_page: OpenPage, proxy: CuttingProxy, watched: Watched
) -> None:
    page = await open_page("/", base=proxy.url)
    await page.fill("#transcript", VISIT)
    await page.fill("#notes", "second visit")
    proxy.refusing = True
    await page.click("button.main")
    await page.wait_for_selector("text=The service does not answer")
    await page.click("text=Back to what you entered")
    assert await page.input_value("#transcript") == VISIT
    assert await page.input_value("#notes") == "second visit"
    await page.click("button.main")
    await page.wait_for_selector("text=Try again")
    proxy.refusing = False
    await page.click("text=Try again")
    await page.wait_for_selector("finding-card")
    watched.expected += ["ERR_"]


async def test_a_decision_that_does_not_arrive_can_be_sent_again(
    open_page: OpenPage, proxy: CuttingProxy, offline: Service, watched: Watched
) -> None:
    answer = await offline.extract()
    page = await open_page(f"/#/visits/{answer['id']}", base=proxy.url)
    await page.wait_for_selector("finding-card[aria-current]")
    proxy.refusing = True
    await page.keyboard.press("a")
    await page.wait_for_selector("text=The service does not answer")
    proxy.refusing = False
    await page.click("text=Try again")
    await page.wait_for_selector("finding-card[data-state=accepted]")
    watched.expected += ["ERR_"]


async def test_two_tabs_on_one_visit_get_a_conflict_and_lose_nothing(
    open_page: OpenPage, offline: Service, watched: Watched
) -> None:
    answer = await offline.extract()
    address = f"/#/visits/{answer['id']}"
    one, other = await open_page(address), await open_page(address)
    for page in (one, other):
        await page.wait_for_selector("finding-card[aria-current]")
    await one.keyboard.press("x")
    await one.wait_for_selector("finding-card[data-state=rejected]")
    await other.keyboard.press("e")
    await other.fill("finding-card form input[name=dosage]", "200 mg")
    await other.keyboard.press("Enter")
    await other.wait_for_selector("text=changed in another tab")
    assert await other.input_value("finding-card form input[name=dosage]") == "200 mg"
    await other.click("text=Show what is there now")
    await expect(other.locator(".notices > *")).to_have_count(0)
    await other.click("finding-card form button.main")
    await other.wait_for_selector("finding-card[data-state=edited]")
    stored = await offline.get(f"/extractions/{answer['id']}")
    assert [decision["action"] for decision in stored["review"]["decisions"]] == ["reject", "edit"]
    watched.expected += ["412"]


async def test_what_the_service_refuses_is_told_in_words(open_page: OpenPage, watched: Watched) -> None:
    page = await open_page("/")
    await page.click("button.main")
    await page.wait_for_selector("text=There is nothing to read yet")
    await page.fill("#transcript", "…")
    await page.click("button.main")
    await page.wait_for_selector("[role=alert] >> text=There is nothing to read yet")
    watched.expected += ["422"]


async def test_a_file_is_read_in_place_of_pasted_text(open_page: OpenPage) -> None:
    page = await open_page("/")
    await page.set_input_files("#file", {"name": "visit.txt", "mimeType": "text/plain", "buffer": VISIT.encode()})
    await page.wait_for_selector("text=visit.txt")
    await page.click("button.main")
    await page.wait_for_selector("finding-card")
    assert await page.evaluate("document.querySelector('transcript-view').textContent") == VISIT


async def test_what_is_said_is_never_read_as_markup(open_page: OpenPage, offline: Service) -> None:
    hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script><style>*{display:none}</style>'
    text = f"Doctor: {hostile} Take ibuprofen 400 mg twice a day for {hostile} ten days.\nPatient: {hostile}\n"
    await offline.client.post("/sops", json={"title": hostile, "content": f"1. {hostile}", "description": hostile})
    answer = await offline.extract(text)
    page = await open_page(f"/#/visits/{answer['id']}")
    await page.wait_for_selector("finding-card")
    assert await page.evaluate("document.querySelector('transcript-view').textContent") == text
    for address in (f"#/visits/{answer['id']}", "#/sops", "#/visits", "#/"):
        await page.goto(page.url.split("#")[0] + address)
        await page.wait_for_selector("main h1")
        await page.wait_for_load_state("networkidle")
        assert await page.locator("main img, main script, main style").count() == 0
        assert json.dumps(await page.title()) not in ("1", "2")

"""The other screens: visits to filter, search and compare; SOPs; gold cases; operations."""

import uuid

from playwright.async_api import expect

from app import samples
from tests.conftest import Service
from tests.web.conftest import OpenPage


async def test_visits_are_filtered_searched_and_compared(open_page: OpenPage, offline: Service) -> None:
    word = f"Zorblax{uuid.uuid4().hex[:6]}"
    text = f"Doctor: Take ibuprofen 400 mg twice a day for the {word} knee.\nPatient: All right.\n"
    one, other = [await offline.extract(text) for _ in range(2)]
    await offline.client.patch(f"/extractions/{one['id']}", json={"status": "rejected"})
    page = await open_page("/#/visits")
    await page.select_option("[name=review]", "rejected")
    row = page.locator(f".list a[href='#/visits/{one['id']}']")
    await row.wait_for()
    await expect(page.locator(f".list a[href='#/visits/{other['id']}']")).to_have_count(0)
    await page.fill("[name=until]", "2000-01-01")
    await page.locator("[name=until]").dispatch_event("change")
    await page.wait_for_selector("text=No visit fits these filters")
    await page.fill("#search", text)
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".results .rows")
    await page.goto(page.url.split("#")[0] + f"#/visits/{one['id']}/compare/{other['id']}")
    await page.wait_for_selector(".compare >> text=in both")


async def test_an_sop_is_written_changed_switched_and_deleted(open_page: OpenPage, offline: Service) -> None:
    title = f"SOP {uuid.uuid4().hex}"
    page = await open_page("/#/sops")
    await page.click("text=Write an SOP")
    await page.fill("#sop-title", title)
    await page.fill("#sop-content", "1. Ask about allergies.")
    await page.click(".panel button.main")
    row = page.locator(".things > li", has_text=title)
    await row.wait_for()
    await row.get_by_role("button", name="Change").click()
    await page.fill("#sop-description", "Before any medicine.")
    await page.click(".panel button.main")
    await row.get_by_text("Before any medicine.").wait_for()
    await row.get_by_role("switch").click()
    await expect(page.locator("#announcer")).to_have_text(f"{title} in use is off")
    stored = [sop for sop in (await offline.get("/sops", limit=100))["items"] if sop["title"] == title]
    assert [(sop["is_active"], sop["description"]) for sop in stored] == [(False, "Before any medicine.")]
    page.on("dialog", lambda dialog: dialog.accept())
    await row.get_by_role("button", name="Delete").click()
    await expect(row).to_have_count(0)


async def test_an_approved_visit_becomes_a_gold_case(open_page: OpenPage, offline: Service) -> None:
    title = f"Gold {uuid.uuid4().hex}"
    answer = await offline.extract()
    page = await open_page(f"/#/visits/{answer['id']}")
    await page.click("text=Finish the review")
    await page.click("text=Make it a gold case…")
    await page.fill("[aria-label='Name of the gold case']", title)
    await page.click(".promotion button.main")
    await page.click("text=It is a gold case now")
    row = page.locator(".things > li", has_text=title)
    await row.get_by_text("What is expected").click()
    await row.get_by_text("Start ibuprofen").wait_for()
    page.on("dialog", lambda dialog: dialog.accept())
    await row.get_by_role("button", name="Delete").click()
    await expect(row).to_have_count(0)


async def test_operators_see_what_took_how_long(open_page: OpenPage, offline: Service) -> None:
    await offline.extract(samples.demo_visit())
    page = await open_page("/#/ops")
    report = await offline.get("/timings")
    await page.wait_for_selector(".numbers")
    runs = page.locator("figure", has_text="How long each phase takes").locator("tbody tr", has_text="total").first
    assert int(await runs.locator("td").first.inner_text()) >= next(
        phase["runs"] for phase in report["phases"] if phase["phase"] == "total"
    )
    await page.locator("section[aria-labelledby=slowest] button").first.click()
    await page.wait_for_selector("section[aria-labelledby=slowest] tr[data-phase=llm_extraction][data-state=done]")
    await page.select_option("#phase", "llm_extraction")
    await page.wait_for_selector("text=“llm_extraction” over time")

"""The sample visits go the whole way: extracted by the rules, reviewed, signed, and handed on in each form."""

import re

import pytest

from app import samples
from app.extraction.prompt import visible
from tests.conftest import Service
from tests.reviews import reviewer
from tests.test_exports import FORMATS, bundle_of, export, resources


@pytest.mark.parametrize("name", samples.visit_names())
async def test_every_sample_visit_is_reviewed_and_handed_on(offline: Service, name: str) -> None:
    text = samples.visit_text(name)
    review = await reviewer(offline, text)
    if undecided := review.run["review"]["must_decide"]:
        await review.decide(*({"action": "reject", "item_id": one} for one in undecided))
    await review.finish()
    for form in FORMATS:
        assert (await export(review, form)).status_code == 200, form
    quotes = [quoted["what"] for it in resources(await bundle_of(review)) for quoted in it.get("entity", [])]
    for quoted in quotes:
        start, end = map(int, re.findall(r"#char=(\d+),(\d+)", quoted["identifier"]["value"])[0])
        assert visible(text[start:end]).strip() == quoted["display"]
    assert quotes or name == "nothing_wrong"

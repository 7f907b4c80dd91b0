"""The samples that come with the project can be read, and their labels quote them word for word."""

from typing import Any

import pytest

from app import samples
from app.findings import ACTION_CATEGORIES
from app.language.turns import split_turns


@pytest.mark.parametrize("name", samples.visit_names())
def test_a_visit_has_turns(name: str) -> None:
    text = samples.visit_text(name)
    assert 250 <= len(text.split()) <= 900
    assert len(split_turns(text)) > 15


def test_line_ends_are_kept() -> None:
    assert samples.visit_text("line_ends").count("\r\n") > 20
    assert "\r" not in samples.demo_visit()


@pytest.mark.parametrize("name", samples.labelled_visit_names())
def test_labels_quote_their_visit(name: str) -> None:
    text, labels = samples.visit_text(name), samples.visit_labels(name)
    items = [item for part in labels.values() for category in ACTION_CATEGORIES for item in part[category]]
    assert items
    assert all(item["evidence"] in text for item in items)


@pytest.mark.parametrize("sop", samples.sops(), ids=lambda sop: sop["title"])
def test_a_sop_has_numbered_steps(sop: dict[str, Any]) -> None:
    steps = sop["content"].splitlines()
    assert [step.split(".")[0] for step in steps] == [str(number) for number in range(1, len(steps) + 1)]


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(KeyError):
        samples.visit_text("../sops/referral")

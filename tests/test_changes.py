"""PATCH of SOPs and test cases: only what is given changes, null clears, and a wrong change changes nothing."""

from typing import Any

import pytest

from tests.conftest import Service
from tests.test_records import created


async def test_null_clears_what_may_be_without_a_value(scripted: Service) -> None:
    made = await created(scripted, "sops", category="infections", description="Of adults.")
    path = f"/sops/{made['id']}"
    changed = (await scripted.client.patch(path, json={"category": None, "description": ""})).json()
    assert changed | {"category": None, "description": ""} == changed
    assert changed["title"] == made["title"]
    assert await scripted.get(path) == changed


async def test_what_is_expected_changes_as_a_whole(scripted: Service) -> None:
    made = await created(scripted, "test-cases")
    path = f"/test-cases/{made['id']}"
    expected = {"clinician_todos": [{"task_type": "referral", "due": None, "commitment": "ordered"}]}
    changed = (await scripted.client.patch(path, json={"expected": expected})).json()
    assert {category: items for category, items in changed["expected"].items() if items} == expected
    assert await scripted.get(path) == changed


WRONG_CHANGES = {
    "title_null": ("sops", {"title": None}, "/title"),
    "content_null": ("sops", {"content": None}, "/content"),
    "content_blank": ("sops", {"content": " \n\t"}, "/content"),
    "description_null": ("sops", {"description": None}, "/description"),
    "priority_null": ("sops", {"priority": None}, "/priority"),
    "is_active_null": ("sops", {"is_active": None}, "/is_active"),
    "user": ("sops", {"user": {"email": "a@b.example"}}, ""),
    "case_title_null": ("test-cases", {"title": None}, "/title"),
    "case_title_blank": ("test-cases", {"title": " "}, "/title"),
    "expected_null": ("test-cases", {"expected": None}, "/expected"),
    "expected_nothing": ("test-cases", {"expected": {"patient_reminders": []}}, "/expected"),
    "transcript": ("test-cases", {"transcript": "Doctor: Hello."}, ""),
}


@pytest.mark.parametrize(("kind", "changes", "pointer"), WRONG_CHANGES.values(), ids=WRONG_CHANGES)
async def test_a_wrong_change_changes_nothing(
    scripted: Service, kind: str, changes: dict[str, Any], pointer: str
) -> None:
    made = await created(scripted, kind)
    path = f"/{kind}/{made['id']}"
    response = await scripted.client.patch(path, json={"is_active": False, **changes})
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]
    assert await scripted.get(path) == made

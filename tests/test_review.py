"""The review of an extraction: decisions on single items, versions, the signature, and what must be decided first."""

import asyncio
import uuid
from typing import Any

import pytest

from tests.conftest import OpenService, Service
from tests.reviews import TRANSCRIPT, Reviewer, chosen, problem, reviewer, visit_answer
from tests.scripted_provider import ScriptedProvider

REMINDER = {"reminder_type": "other", "description": "Ring if the fever returns", "due": None, "priority": "high"}


@pytest.fixture
async def service(open_service: OpenService) -> Service:
    opened: Service = await open_service(ScriptedProvider(visit_answer()))
    return opened


@pytest.fixture
async def review(service: Service) -> Reviewer:
    return await reviewer(service)


async def test_a_new_review_shows_each_item_undecided(review: Reviewer) -> None:
    listed = [item for found in review.run["extraction"].values() if isinstance(found, list) for item in found]
    shown = review.run["review"]["items"]
    assert [it["item"] for it in shown] == listed
    assert {(it["state"], it["origin"]) for it in shown} == {("undecided", "model")}
    must = {review.item(name)["id"] for name in ("naproxen", "Order a colonoscopy")}
    assert set(review.run["review"]["must_decide"]) == must
    assert (review.run["review"]["decisions"], review.run["version"]) == ([], 1)


async def test_each_decision_is_kept_with_before_and_after(review: Reviewer) -> None:
    original = review.run["extraction"]
    ibuprofen, naproxen, back = (review.item(name) for name in ("ibuprofen", "naproxen", "Come back"))
    await review.decide(
        {"action": "accept", "item_id": ibuprofen["id"], "seconds": 2.5},
        {"action": "reject", "item_id": naproxen["id"]},
        {"action": "edit", "item_id": back["id"], "after": {"due": "in one week", "priority": "high"}},
    )
    states = {name: review.item(name)["state"] for name in ("ibuprofen", "naproxen", "Come back")}
    assert states == {"ibuprofen": "accepted", "naproxen": "rejected", "Come back": "edited"}
    accepted, rejected, edited = review.run["review"]["decisions"]
    assert (accepted["before"], accepted["after"], accepted["seconds"]) == (ibuprofen["item"], ibuprofen["item"], 2.5)
    assert (rejected["before"], rejected["after"], rejected["seconds"]) == (naproxen["item"], None, None)
    assert (edited["before"], edited["after"]) == (back["item"], review.item("Come back")["item"])
    assert {(it["by"], it["version"]) for it in (accepted, rejected, edited)} == {("local", 2)}
    assert edited["after"] | {"due": "in one week", "priority": "high", "due_date": "2026-11-27"} == edited["after"]
    assert review.run["extraction"] == original, "the model's own items stay as they were"
    before = review.run["review"]
    await review.reload()
    assert review.run["review"] == before


async def test_an_edit_is_held_against_the_words_that_were_said(review: Reviewer) -> None:
    ibuprofen = review.item("ibuprofen")
    await review.decide({"action": "edit", "item_id": ibuprofen["id"], "after": {"dosage": "800 mg"}})
    edited = review.item("ibuprofen")["item"]
    assert (edited["verification"], edited["confidence"], edited["dosage"]) == ("contradicted", None, "800 mg")
    assert review.run["review"]["must_decide"] == [
        review.item(name)["id"] for name in ("naproxen", "Order a colonoscopy")
    ], "what a person wrote is decided"
    await review.decide({"action": "edit", "item_id": ibuprofen["id"], "after": {"dosage": "400 milligrams"}})
    assert review.item("ibuprofen")["item"]["verification"] == "verified"


async def test_an_edit_may_bring_other_words(review: Reviewer) -> None:
    order = review.item("Order a colonoscopy")
    words = chosen("I will order an x-ray of the knee")
    after = {"description": "Order an x-ray of the knee"}
    await review.decide({"action": "edit", "item_id": order["id"], "after": after, "evidence": words})
    item = review.item("Order an x-ray")["item"]
    assert item["verification"] == "verified"
    assert item["evidence"] == [{**words[0], "turn": 3, "speaker": "Doctor"}]


async def test_an_undo_takes_back_the_last_decision_on_its_item(review: Reviewer) -> None:
    ibuprofen = review.item("ibuprofen")
    edit = {"action": "edit", "item_id": ibuprofen["id"], "after": {"frequency": "three times a day"}}
    await review.decide(edit, {"action": "reject", "item_id": ibuprofen["id"]})
    undo = {"action": "undo", "item_id": ibuprofen["id"]}
    await review.decide(undo)
    assert (review.item("ibuprofen")["state"], review.item("ibuprofen")["item"]["frequency"]) == (
        "edited",
        "three times a day",
    )
    await review.decide(undo)
    assert review.item("ibuprofen") == ibuprofen
    assert problem(await review.send(undo)) == (
        422,
        "invalid-request",
        [{"pointer": "/decisions/0", "code": "nothing_to_undo"}],
    )
    assert [it["action"] for it in review.run["review"]["decisions"]] == ["edit", "reject", "undo", "undo"]


async def test_accepting_what_was_edited_keeps_the_edit(review: Reviewer) -> None:
    item = review.item("ibuprofen")
    accept = {"action": "accept", "item_id": item["id"]}
    await review.decide({"action": "edit", "item_id": item["id"], "after": {"route": "by mouth"}}, accept)
    assert (review.item("ibuprofen")["state"], review.item("ibuprofen")["item"]["route"]) == ("edited", "by mouth")


async def test_what_is_edited_back_is_accepted_as_it_was(review: Reviewer) -> None:
    first = review.item("ibuprofen")
    for route in ("by mouth", None):
        await review.decide({"action": "edit", "item_id": first["id"], "after": {"route": route}})
    assert review.item("ibuprofen") == {**first, "state": "accepted"}


async def test_a_person_adds_an_item_by_its_words(review: Reviewer) -> None:
    words = chosen("ring us if the fever returns")
    await review.decide({"action": "add", "category": "patient_reminders", "after": REMINDER, "evidence": words})
    added = review.item("Ring if")
    assert (added["state"], added["origin"], added["category"]) == ("accepted", "person", "patient_reminders")
    assert added["item"] | REMINDER == added["item"]
    assert added["item"]["evidence"] == [{**words[0], "turn": 3, "speaker": "Doctor"}]
    assert (added["item"]["verification"], added["item"]["commitment"]) == ("verified", "ordered")
    await review.decide({"action": "undo", "item_id": added["id"]})
    assert added["id"] not in review.items
    assert review.run["review"]["decisions"][-1]["after"] is None
    again = await review.send({"action": "accept", "item_id": added["id"]})
    assert problem(again)[2] == [{"pointer": "/decisions/0/item_id", "code": "unknown_item"}]


async def test_a_selection_over_two_turns_is_two_quotes(review: Reviewer) -> None:
    words = chosen("ten days.\r\nPatient: All right 🙂")
    after = {**REMINDER, "description": "Take it for ten days"}
    await review.decide({"action": "add", "category": "patient_reminders", "after": after, "evidence": words})
    evidence = review.item("Take it")["item"]["evidence"]
    assert [(quote["quote"], quote["turn"]) for quote in evidence] == [("ten days.", 1), ("All right 🙂", 2)]
    assert all(TRANSCRIPT[quote["start"] : quote["end"]] == quote["quote"] for quote in evidence)


async def test_what_a_person_adds_is_not_mended(review: Reviewer) -> None:
    after = {"medication_name": "naproxen", "dosage": "500 mg", "status": "start"}
    added = {"action": "add", "category": "medication_instructions", "after": after}
    await review.decide({**added, "evidence": chosen("Take ibuprofen 400 mg")})
    item = review.run["review"]["items"]
    own = next(it["item"] for it in item if it["origin"] == "person")
    assert (own["dosage"], own["verification"], own["repairs"]) == ("500 mg", "contradicted", [])
    assert own["reason"] is own["confidence"] is None


ADD = {"action": "add", "category": "patient_reminders", "after": REMINDER, "evidence": chosen("ring us")}
WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "other words": ({**ADD, "evidence": [{"start": 0, "end": 6, "quote": "doctor"}]}, "/evidence/0", "quote_mismatch"),
    "a label alone": ({**ADD, "evidence": chosen("Doctor:")}, "/evidence/0", "no_words"),
    "past the end": ({**ADD, "evidence": [{"start": 998, "end": 999, "quote": "x"}]}, "/evidence/0", "quote_mismatch"),
    "no words": ({**ADD, "evidence": []}, "/evidence", "too_short"),
    "no category": ({"action": "add", "after": REMINDER, "evidence": chosen("ring us")}, "", "missing"),
    "unknown category": ({**ADD, "category": "gossip"}, "/category", "literal_error"),
    "unknown field": ({**ADD, "after": {**REMINDER, "dosage": "1"}}, "/after", "extra_forbidden"),
    "evidence as a field": ({**ADD, "after": {**REMINDER, "evidence": []}}, "/after", "extra_forbidden"),
    "missing field": ({**ADD, "after": {"description": "x", "priority": "low"}}, "/after/reminder_type", "missing"),
    "wrong value": ({**ADD, "after": {**REMINDER, "priority": "urgent"}}, "/after/priority", "literal_error"),
    "blank": ({**ADD, "after": {**REMINDER, "description": " "}}, "/after/description", "string_type"),
    "too long": ({**ADD, "after": {**REMINDER, "due": "x" * 5001}}, "/after/due", "string_too_long"),
    "unknown custom": (
        {**ADD, "category": "custom", "after": {"category": "gossip", "value": "x"}},
        "/after/category",
        "unknown_category",
    ),
    "unknown item": ({"action": "accept", "item_id": str(uuid.uuid4())}, "/item_id", "unknown_item"),
    "accept with values": ({"action": "accept", "item_id": str(uuid.uuid4()), "after": {}}, "", "not_of_this_action"),
    "unknown action": ({"action": "praise"}, "/action", "literal_error"),
    "negative time": ({**ADD, "seconds": -1}, "/seconds", "greater_than_equal"),
    "not a number": ({**ADD, "seconds": "soon"}, "/seconds", "float_parsing"),
    "unknown key": ({**ADD, "by": "me"}, "", "extra_forbidden"),
}


@pytest.mark.parametrize(("decision", "pointer", "code"), WRONG.values(), ids=WRONG)
async def test_a_wrong_decision_is_told_where(
    review: Reviewer, decision: dict[str, Any], pointer: str, code: str
) -> None:
    good = {"action": "accept", "item_id": review.item("ibuprofen")["id"]}
    wrong = await review.send(good, decision)
    assert problem(wrong) == (422, "invalid-request", [{"pointer": f"/decisions/1{pointer}", "code": code}])
    before = review.run["review"]
    await review.reload()
    assert review.run["review"] == before, "the good one beside it is not taken either"


@pytest.mark.parametrize("fields", [{"category": "clinician_todos"}, {"evidence": []}, {"after": {}}])
async def test_an_edit_with_unfit_parts(review: Reviewer, fields: dict[str, Any]) -> None:
    edit = {"action": "edit", "item_id": review.item("ibuprofen")["id"], "after": {"dosage": "1 mg"}}
    response = await review.send({**edit, **fields})
    assert response.status_code == (422 if "after" not in fields else 200)


async def test_decisions_need_the_version_that_was_read(review: Reviewer) -> None:
    accept = {"action": "accept", "item_id": review.item("ibuprofen")["id"]}
    path, body = review.path, {"decisions": [accept]}
    without = await review.service.client.patch(path, json=body)
    assert problem(without) == (428, "version-required", [])
    assert (without.json()["version"], without.headers["etag"]) == (1, '"1"')
    for unread in ('"2"', "1", 'W/"1"', ""):
        mismatch = await review.send(accept, **{"if-match": unread})
        assert problem(mismatch) == (412, "version-mismatch", [])
        assert (mismatch.json()["version"], mismatch.headers["etag"]) == (1, '"1"')
    await review.decide(accept)
    assert review.run["version"] == 2
    for fit in ('"1", "2"', "*"):
        review.took(await review.send(accept, **{"if-match": fit}))


async def test_of_two_tabs_one_gets_a_conflict_and_nothing_is_lost(review: Reviewer) -> None:
    ids = list(review.items)
    answers = await asyncio.gather(*(review.send({"action": "reject", "item_id": item_id}) for item_id in ids))
    assert sorted(answer.status_code for answer in answers) == [200, *[412] * (len(ids) - 1)]
    await review.reload()
    rejected = [item_id for item_id, item in review.items.items() if item["state"] == "rejected"]
    assert rejected == [item_id for item_id, answer in zip(ids, answers, strict=True) if answer.status_code == 200]
    assert review.run["version"] == 2


async def test_what_is_contradicted_or_unsupported_is_decided_before_the_signature(review: Reviewer) -> None:
    response = await review.post("finish")
    assert problem(response) == (
        409,
        "review-incomplete",
        [
            {"pointer": "/extraction/medication_instructions/1", "code": "contradicted"},
            {"pointer": "/extraction/clinician_todos/0", "code": "unsupported"},
        ],
    )
    await review.decide(*({"action": "reject", "item_id": one} for one in review.run["review"]["must_decide"]))
    await review.finish()
    state = review.run["review"]
    assert (state["status"], state["reviewer"], state["must_decide"]) == ("approved", "local", [])
    assert state["reviewed_at"] >= review.run["created_at"]
    assert (await review.service.get("/extractions", review="approved", limit=1))["items"][0]["id"] == review.run["id"]


async def test_where_everything_was_rejected_so_is_the_visit(review: Reviewer) -> None:
    await review.decide(*({"action": "reject", "item_id": one} for one in review.items))
    await review.finish()
    assert review.run["review"]["status"] == "rejected"


async def test_what_is_signed_is_decided_anew_only_when_reopened(review: Reviewer) -> None:
    ids = list(review.items)
    reasons = review.run["review"]["reasons"]
    await review.decide(*({"action": "accept", "item_id": one} for one in ids))
    open_again = await review.post("reopen")
    assert problem(open_again) == (409, "conflict", [])
    await review.finish()
    for refused in (await review.send({"action": "reject", "item_id": ids[0]}), await review.post("finish")):
        assert problem(refused) == (409, "review-finished", [])
    review.took(await review.post("reopen"))
    state = review.run["review"]
    assert (state["status"], state["reasons"], state["reviewer"]) == ("pending", reasons, None)
    assert len(state["decisions"]) == len(ids)
    await review.decide({"action": "reject", "item_id": ids[0]})
    await review.finish()
    assert review.run["review"]["status"] == "approved"


async def test_a_verdict_on_the_whole_visit_needs_no_version_but_keeps_to_one(review: Reviewer) -> None:
    client, path, body = review.service.client, review.path, {"status": "approved"}
    assert (await client.patch(path, json=body, headers={"if-match": '"9"'})).status_code == 412
    review.took(await client.patch(path, json=body))
    assert (review.run["review"]["status"], review.run["version"]) == ("approved", 2)
    review.took(await client.patch(path, json={"status": "rejected"}))
    assert problem(await review.send({"action": "accept", "item_id": next(iter(review.items))}))[1] == "review-finished"


@pytest.mark.parametrize("what", ["finish", "reopen"])
async def test_a_signature_needs_a_version_and_an_extraction(review: Reviewer, what: str) -> None:
    assert (await review.service.client.post(f"{review.path}/{what}")).status_code == 428
    assert (await review.post(what, **{"if-match": '"7"'})).status_code == 412
    missing = f"/extractions/{uuid.uuid4()}/{what}"
    assert (await review.service.client.post(missing, headers={"if-match": '"1"'})).status_code == 404


async def test_a_body_is_decisions_or_a_verdict(review: Reviewer) -> None:
    accept = {"action": "accept", "item_id": next(iter(review.items))}
    for body in ({"status": "approved", "decisions": [accept]}, {"decisions": []}, {"decisions": [accept] * 201}):
        response = await review.service.client.patch(review.path, json=body, headers={"if-match": '"1"'})
        assert problem(response)[:2] == (422, "invalid-request")

"""The ledger: every raw item is returned, merged or rejected with a reason, whatever a model does to its answer."""

import copy
import random
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from sqlalchemy.engine import URL

from app.extraction.answer import Ledger
from app.extraction.answer import _item as read_item
from app.findings import ITEM_TYPES
from tests.conftest import OpenService, Service, new_user, running_service, scripted_settings
from tests.scripted_provider import ScriptedProvider, answer, content, failure, follow_up, medication, todo

TEXT = (
    "Doctor: Take ibuprofen 400 mg twice a day for ten days, and stop the naproxen.\n"
    "Patient: I would rather not take codeine.\n"
    "Doctor: Fine, no codeine. I'll order a blood count. Come back in two weeks.\n"
    "Patient: So ibuprofen twice a day.\n"
    "Doctor: Ibuprofen 400 mg twice a day, yes.\n"
)
LISTS: dict[str, list[Any]] = {
    "medication_instructions": [
        medication("ibuprofen", 1, "Take ibuprofen 400 mg twice a day", dosage="400 mg", frequency="twice a day"),
        medication("naproxen", 1, "stop the naproxen", status="stop"),
        medication("codeine", 2, "I would rather not take codeine", commitment="declined"),
    ],
    "clinician_todos": [todo("Order a blood count", 3, "I'll order a blood count")],
    "follow_up_tasks": [follow_up("Come back in two weeks", 3, "Come back in two weeks", due="in two weeks")],
}
RAW = sum(map(len, LISTS.values()))


def test_an_item_is_read_as_its_model_reads_it() -> None:
    for category, items in LISTS.items():
        names = ITEM_TYPES[category].model_fields
        for raw in items:
            optional = {name: None for name in names if name in raw and name in ("reason", "due", "dosage")}
            for given in (raw, raw | {"more": 1}, raw | optional, {n: v for n, v in raw.items() if n not in optional}):
                known = {name: given.get(name) for name in names}
                read = read_item(category, given, frozenset(), Ledger())
                modelled = ITEM_TYPES[category].model_validate(known).model_dump()
                assert raw["commitment"] == "declined" if read is None else [*read.items()] == [*modelled.items()]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"evidence": [{"turn": 1, "quote": "x", "more": 1}]}, "evidence.0.more:extra_forbidden"),
        ({"evidence": ["x"]}, "evidence.0:model_type"),
        ({"evidence": [{"turn": "one", "quote": "x"}]}, "evidence.0.turn:int_parsing"),
        ({"description": None}, "description:string_type"),
        ({"priority": "now"}, "priority:literal_error"),
    ],
)
def test_a_wrong_field_is_named_as_its_model_names_it(wrong: dict[str, Any], reason: str) -> None:
    ledger = Ledger()
    assert read_item("clinician_todos", LISTS["clinician_todos"][0] | wrong, frozenset(), ledger) is None
    assert [entry["reason"] for entry in ledger.rejected] == [f"malformed:{reason}"]


@pytest.fixture(scope="module")
async def spoilable(database_url: URL) -> AsyncIterator[Service]:
    """A service whose provider gets a new script from each test."""
    async with running_service(scripted_settings(database_url), ScriptedProvider()) as service:
        yield service


def balance(told: dict[str, Any]) -> dict[str, Any]:
    """The ledger, after checking that it accounts for every item and that what it calls returned was returned."""
    ledger = dict(told["evaluation"]["ledger"])
    returned = sum(len(told["extraction"][category]) for category in ITEM_TYPES)
    assert ledger["returned"] == returned
    assert ledger["raw"] == returned + len(ledger["merged"]) + len(ledger["rejected"])
    assert all(entry["reason"] for entry in ledger["rejected"])
    return ledger


async def test_what_was_declined_is_set_aside_with_its_words(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(answer(**LISTS)))
    told = await service.extract(TEXT)
    ledger = balance(told)
    assert ledger["raw"] == RAW
    [entry] = ledger["rejected"]
    assert (entry["reason"], entry["item"]["medication_name"]) == ("declined", "codeine")
    assert [TEXT[q["start"] : q["end"]] for q in entry["item"]["evidence"]] == ["I would rather not take codeine"]
    assert [item["medication_name"] for item in told["extraction"]["medication_instructions"]] == [
        "ibuprofen",
        "naproxen",
    ]


async def test_a_repeat_is_merged_and_its_quote_kept(open_service: OpenService) -> None:
    again = medication("ibuprofen", 5, "Ibuprofen 400 mg twice a day", dosage="400 mg", frequency="twice a day")
    lists = {"medication_instructions": [LISTS["medication_instructions"][0], again]}
    told = await (await open_service(ScriptedProvider(answer(**lists)))).extract(TEXT)
    ledger = balance(told)
    assert (ledger["raw"], ledger["returned"], len(ledger["merged"])) == (2, 1, 1)
    [item] = told["extraction"]["medication_instructions"]
    assert {quote["quote"] for quote in item["evidence"]} == {
        "Take ibuprofen 400 mg twice a day",
        "Ibuprofen 400 mg twice a day",
    }


async def test_nothing_to_do_is_an_honest_empty_answer_marked_for_review(open_service: OpenService) -> None:
    told = await (await open_service(ScriptedProvider(answer()))).extract(TEXT)
    assert balance(told)["raw"] == 0
    assert "nothing_found" in told["review"]["reasons"]


def _item(lists: dict[str, list[Any]], chance: random.Random) -> dict[str, Any]:
    """A medicine that an earlier fault may have spoilt, but that is still an object."""
    items = [item for item in lists["medication_instructions"] if isinstance(item, dict)]
    return chance.choice(items)


def _bad_enum(lists: dict[str, list[Any]], chance: random.Random) -> int:
    item = _item(lists, chance)
    item[chance.choice(["status", "commitment"])] = chance.choice(["maybe", None, 7, ["start"]])
    return 0


def _bad_element(lists: dict[str, list[Any]], chance: random.Random) -> int:
    element = chance.choice([None, 3, "ibuprofen", [], {}, {"medication_name": "x"}, {"evidence": "no list"}])
    lists[chance.choice(list(lists))].insert(0, element)
    return 1


def _missing_field(lists: dict[str, list[Any]], chance: random.Random) -> int:
    _item(lists, chance).pop(chance.choice(["medication_name", "status", "evidence"]), None)
    return 0


def _repeated(lists: dict[str, list[Any]], chance: random.Random) -> int:
    items = lists[chance.choice(list(lists))]
    items.append(copy.deepcopy(items[0]))
    return 1


def _wrong_quote(lists: dict[str, list[Any]], chance: random.Random) -> int:
    item = _item(lists, chance)
    item["evidence"] = chance.choice([[], [{"turn": 99, "quote": "never said"}], [{"turn": 1, "quote": ""}]])
    return 0


_SPOIL = (_bad_enum, _bad_element, _missing_field, _repeated, _wrong_quote)


@pytest.mark.parametrize("seed", range(60))
async def test_the_ledger_balances_when_elements_are_spoilt(spoilable: Service, seed: int) -> None:
    chance = random.Random(seed)
    lists = copy.deepcopy(LISTS)
    more = sum(chance.choice(_SPOIL)(lists, chance) for _ in range(chance.randint(1, 3)))
    spoilable.provider.script(answer(**lists))
    ledger = balance(await spoilable.extract(TEXT))
    assert ledger["raw"] == RAW + more


@pytest.mark.parametrize("seed", range(30))
async def test_a_cut_answer_is_a_problem_never_a_part_as_the_whole(spoilable: Service, seed: int) -> None:
    whole = orjson.dumps({"summary": "", **{category: [] for category in ITEM_TYPES}, **LISTS}).decode()
    at = random.Random(seed).randrange(1, len(whole) - 1)
    spoilable.provider.script(content(whole[:at]))
    response = await spoilable.client.post("/extract", json={"transcript": TEXT, "user": new_user()})
    assert (response.status_code, response.json()["type"].rpartition(":")[2]) == (502, "provider-invalid-output")


@pytest.mark.parametrize("seed", range(10))
async def test_a_passing_outage_costs_no_item(spoilable: Service, seed: int) -> None:
    spoilable.provider.script(failure(503, retry_after="0"), answer(**LISTS))
    assert balance(await spoilable.extract(TEXT))["raw"] == RAW


async def test_a_hang_is_a_timeout_and_no_empty_answer(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(answer(delay_s=5, **LISTS)), request_deadline_s=0.3)
    response = await service.client.post("/extract", json={"transcript": TEXT, "user": new_user()})
    assert (response.status_code, response.json()["type"].rpartition(":")[2]) == (504, "provider-timeout")

"""The second reading reads only turns that may hold something missed, and finds there what it finds in the whole."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from app import samples
from app.db.users import Clinician
from app.extraction.accounted import Accounted
from app.extraction.answer import read_answer
from app.extraction.findings_check import check_findings
from app.extraction.possibly_missed import possibly_missed
from app.extraction.second_reader import listen, read_again, read_rest
from app.extraction.visit import Visit
from app.extraction.weighty_clauses import unweighed, weighty_clauses
from app.findings import ACTION_CATEGORIES
from app.language.drugs import find_drugs
from app.language.procedures import find_procedures
from app.llm.offline.hearing import Heard
from app.llm.offline.parts import read_parts

Item = dict[str, Any]
VISITS = [Visit(samples.visit_text(name), Clinician(UUID(int=0))) for name in samples.visit_names()]


def visit_of(*lines: str) -> Visit:
    return Visit("\n".join(lines), Clinician(UUID(int=0)))


def quoting(visit: Visit, quote: str, **fields: str) -> Item:
    start = visit.text.index(quote)
    return {**fields, "evidence": [{"start": start, "end": start + len(quote)}]}


def missed(visit: Visit, *items: Item) -> list[tuple[str, list[str]]]:
    listed = possibly_missed(visit.turns, items, listen(visit.text, visit.turns))
    return [(entry["quote"], entry["reasons"]) for entry in listed]


def findings_of(visit: Visit) -> list[Item]:
    answer = read_answer(orjson.dumps(read_again(visit.text, visit.turns)).decode(), frozenset())
    found = check_findings(visit, answer)
    return [item for category in ACTION_CATEGORIES for item in found[category]]


def told_of(heard: Heard, visit: Visit, accounted: Accounted, *, whole: bool) -> dict[int, list[str]]:
    """The reasons by where the clause starts, without mere advice, which is never listed."""
    clauses = weighty_clauses(heard, visit.turns, accounted)
    if whole:
        known = {(clause.index, clause.said.start) for clause in clauses}
        every = [unweighed(said, turn, accounted) for at, turn in enumerate(visit.turns) for said in heard.said_in(at)]
        clauses += [clause for clause in every if (clause.index, clause.said.start) not in known]
    read = read_rest(heard, visit.turns, clauses, accounted)
    return {clause.start: clause.reasons for clause in read if clause.reasons != ["advice_read"]}


@pytest.mark.parametrize("visit", VISITS, ids=samples.visit_names())
def test_parts_that_are_the_whole_are_read_as_the_whole(visit: Visit) -> None:
    heard = listen(visit.text, visit.turns)
    names = {drug.canonical for drugs in heard.drugs_of.values() for drug in drugs}
    everything = [said for index in range(len(visit.turns)) for said in heard.said_in(index)]
    parts = read_parts(heard, everything, names, ())
    whole = read_again(visit.text, visit.turns)
    for category in ACTION_CATEGORIES:
        items = [item for item in whole[category] if item["commitment"] not in ("declined", "historical")]
        read = [item for item in parts[category] if item["commitment"] not in ("declined", "historical")]
        assert [(item["evidence"][0], item["commitment"]) for item in read] == [
            (item["evidence"][0], item["commitment"]) for item in items
        ]


@pytest.mark.parametrize("visit", VISITS, ids=samples.visit_names())
def test_a_turn_is_heard_alone_as_in_the_whole(visit: Visit) -> None:
    alone, whole = listen(visit.text, visit.turns), listen(visit.text, visit.turns)
    assert [said.marks for clauses in whole.clauses_of for said in clauses] == [
        said.marks for index in range(len(visit.turns)) for said in alone.said_in(index)
    ]


@pytest.mark.parametrize("visit", VISITS, ids=samples.visit_names())
def test_names_are_found_in_the_visit_as_in_any_text(visit: Visit) -> None:
    heard = listen(visit.text, visit.turns)
    for index, words in enumerate(heard.words):
        assert heard.drugs_of.get(index, []) == find_drugs(words)
        assert heard.procedures_of.get(index, []) == [(it.start, it.name) for it in find_procedures(words)]


@pytest.mark.parametrize("visit", VISITS, ids=samples.visit_names())
def test_with_an_item_left_out_the_rest_is_read_as_in_the_whole(visit: Visit) -> None:
    heard, items = listen(visit.text, visit.turns), findings_of(visit)
    for place in range(len(items)):
        accounted = Accounted(items[:place] + items[place + 1 :])
        assert told_of(heard, visit, accounted, whole=False) == told_of(heard, visit, accounted, whole=True)


def test_a_turn_that_the_findings_account_for_is_not_read() -> None:
    visit = visit_of("Doctor: Take naproxen twice a day.", "Doctor: Lovely weather.", "Doctor: Come back in a week.")
    items = [quoting(visit, "Take naproxen", medication_name="naproxen"), quoting(visit, "Come back in a week")]
    heard = listen(visit.text, visit.turns)
    assert [clause.index for clause in weighty_clauses(heard, visit.turns, Accounted(items))] == []
    assert [clause.index for clause in weighty_clauses(heard, visit.turns, Accounted(items[:1]))] == [2]


def test_an_order_without_a_name_is_read_where_nobody_quotes_it() -> None:
    visit = visit_of("Doctor: I'll write you a sick note for work.", "Patient: Thanks.")
    assert missed(visit) == [("I'll write you a sick note for work.", ["order_read"])]
    assert missed(visit, quoting(visit, "a sick note", description="Sick note")) == []


def test_a_visit_that_is_planned_in_any_words_is_read_beside_a_name_and_alone() -> None:
    soon = "I want you to be seen next week."
    assert missed(visit_of(f"Doctor: {soon}")) == [(soon, ["order_read"])]
    assert (soon, ["order_read"]) in missed(visit_of(f"Doctor: Take naproxen. {soon}"))


def test_what_is_around_an_order_is_heard() -> None:
    asked = "Doctor: Shall we get an MRI of the knee?"
    assert missed(visit_of(asked, "Patient: Yes please."))[0][1] == ["test", "order_read"]
    assert missed(visit_of(asked, "Patient: No, I'd rather not."))[0][1] == ["test"]


def test_a_medicine_is_accounted_for_under_any_of_its_names() -> None:
    visit = visit_of("Doctor: I want you to take Advil for a week.", "Patient: Okay.")
    named = {"medication_name": "ibuprofen", "evidence": []}
    assert missed(visit)[0][1] == ["drug", "plan", "order_read"]
    assert missed(visit, named) == []


def test_a_new_name_in_quoted_words_is_read() -> None:
    visit = visit_of("Doctor: I'm going to order an x-ray and an MRI of the knee.")
    items = [quoting(visit, visit.text[8:], description="Order an x-ray of the knee")]
    assert [reasons for _, reasons in missed(visit, *items)] == [["test", "plan", "order_read"]]

"""Names of medicines in speech: what counts as one, what only looks like one, and which names mean the same."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.language.drug_lexicon import lexicon, members
from app.language.drugs import canonical_name, find_drugs


def names(text: str) -> list[str]:
    return [drug.name for drug in find_drugs(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("let's start you on metformin and ramipril", ["metformin", "ramipril"]),
        ("Two Paracetamol, then Nurofen .", ["paracetamol", "nurofen"]),
        ("some co-codamol or calpol for the night", ["co-codamol", "calpol"]),
        ("her water pill and the blood thinners", ["water pill", "blood thinners"]),
        ("use the albuterol inhaler", ["albuterol inhaler"]),
        ("fish oil, vitamin d and an iron supplement", ["fish oil", "vitamin d", "iron supplement"]),
        ("i ran out of lysinopril and amoxacilin", ["lysinopril", "amoxacilin"]),
        ("he takes tylenol-", ["tylenol"]),
        ("metformin , not metfornin , and metformin-like", ["metformin", "metfornin", "metformin"]),
        ("two ibuprofens , ibuprofen gel and ibuprofen", ["ibuprofens", "ibuprofen gel", "ibuprofen"]),
        ("1ezetimibe , pre-ezetimibe , ezetimibe_ , ezetimibe", ["ezetimibe"] * 4),
        ("abacavir , 1abacavir , pre-abacavir , abacavir_ , abacavirx , (abacavir)", ["abacavir", "abacavir"]),
        ("some statins , a statin", ["statins", "statin"]),
    ],
)
def test_medicines_are_found_by_the_names_people_use(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "your iron level came back low",
        "we will check your vitamin d level and your calcium",
        "he has insulin resistance",
        "a very different program , depending on your ability",
        "your cholesterol and your creatinine are fine",
        "she drinks alcohol and smokes tobacco",
        "Camila and Heather came along today",
        "an ironing board",
    ],
)
def test_substances_of_the_body_and_ordinary_words_are_no_medicines(text: str) -> None:
    assert names(text) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tylenol", "paracetamol"),
        ("lasix", "furosemide"),
        ("Ventolin", "salbutamol inhaler"),
        ("synthroid", "levothyroxine"),
        ("Advil", "ibuprofen"),
    ],
)
def test_brand_and_substance_are_one(one: str, other: str) -> None:
    assert canonical_name(one) == canonical_name(other)


def test_every_name_is_found_alone_and_in_the_plural() -> None:
    for name in lexicon().meanings:
        for said in (name, f"{name}s"):
            (start, end, _), *more = [found[:3] for found in find_drugs(f"she takes {said} .")]
            assert (start, end, more) == (10, 10 + len(said), []), said


def test_kinds_are_told_apart() -> None:
    found = find_drugs("take the statin , atorvastatin , with your magnesium supplement")
    assert [drug.kind for drug in found] == ["class", "medicine", "supplement"]


def test_a_class_knows_its_members() -> None:
    assert members("beta blocker").fullmatch("bisoprolol")
    assert not members("beta blocker").fullmatch("ibuprofen")
    assert not members("no such class").fullmatch("ibuprofen")


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from(["ibuprofen", "İ", "lasix-", "\u202e", "iron", "é", " "])).map(" ".join)
)
def test_offsets_hold_in_any_text(text: str) -> None:
    found = find_drugs(text)
    assert all(text[drug.start : drug.end].lower() == drug.name for drug in found)
    assert all(one.end <= other.start for one, other in pairwise(found))

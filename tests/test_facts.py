"""Problems with their assertion, allergies, and vital signs as the offline rules read them."""

import pytest

from app.llm.offline.facts import read_allergies, read_problems
from app.llm.offline.hearing import Heard
from app.llm.offline.visit import SpokenTurn
from app.llm.offline.vitals import read_vitals

ROLES = {"D": "clinician", "P": "patient"}


def visit(*lines: str) -> list[SpokenTurn]:
    """Turns from "D: ..." and "P: ..."."""
    return [SpokenTurn(n, line[0], ROLES[line[0]], line[3:]) for n, line in enumerate(lines, 1)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lines", "name", "assertion"),
    [
        (["P: i've had this sore throat since monday"], "sore throat", "present"),
        (["P: no fever or anything"], "fever", "absent"),
        (["D: any chest pain", "P: no"], "chest pain", "absent"),
        (["D: any chest pain", "P: yeah a little"], "chest pain", "present"),
        (["P: my mother had breast cancer"], "breast cancer", "family"),
        (["P: My father is not well. He had a stroke."], "stroke", "family"),
        (["D: Does anyone in the family have asthma?", "P: I do, nobody else."], "asthma", "present"),
        (["D: I think it might be a kidney stone"], "kidney stones", "possible"),
        (["P: I had pneumonia years ago"], "pneumonia", "historical"),
        (["P: no cough but I do have a fever"], "fever", "present"),
    ],
)
def test_problems_carry_what_was_asserted(lines: list[str], name: str, assertion: str) -> None:
    assert {item["name"]: item["assertion"] for item in read_problems(Heard(visit(*lines)))}[name] == assertion


@pytest.mark.parametrize(
    "line",
    [
        "D: the risks of surgery include infection and a blood clot",
        "D: there are some risks. Bleeding, a stroke, infection and numbness.",
        "D: call me if you get a fever",
        "D: this medication can cause nausea",
        "D: you're due for colon cancer screening",
    ],
)
def test_risks_warnings_and_examples_are_no_problems(line: str) -> None:
    assert read_problems(Heard(visit(line))) == []


@pytest.mark.parametrize(
    ("lines", "substances"),
    [
        (["P: I'm allergic to penicillin, I get hives"], ["penicillin"]),
        (["D: Any allergies?", "P: Um, only codeine, I believe."], ["codeine"]),
        (["D: Any allergies?", "P: No."], []),
        (["P: no allergies to penicillin"], []),
        (["P: my son is allergic to peanuts"], []),
        (["P: I have a latex allergy"], ["latex"]),
        (["P: I take cetirizine for my allergies"], []),
    ],
)
def test_allergies(lines: list[str], substances: list[str]) -> None:
    assert [item["substance"] for item in read_allergies(Heard(visit(*lines)))] == substances


def test_the_reaction_is_told() -> None:
    assert read_allergies(Heard(visit("P: I'm allergic to sulfa, I get hives")))[0]["reaction"] == "hives"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("D: your blood pressure is one thirty over eighty", [("blood pressure", "130/80", "mmHg")]),
        (
            "D: pulse of 72 and temperature ninety eight . six",
            [("heart rate", "72", "beats/min"), ("temperature", "98.6", None)],
        ),
        ("D: your a1c was seven point two", [("hemoglobin a1c", "7.2", "%")]),
        ("D: i want your a1c below seven", []),
        ("D: our goal for your blood pressure is 130 over 80", []),
        ("D: check your blood pressure twice a day for two weeks", []),
        ("D: your heart rate is fine", []),
    ],
)
def test_vitals_are_readings_and_not_targets(line: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert [(item["name"], item["value"], item["unit"]) for item in read_vitals(Heard(visit(line)))] == expected

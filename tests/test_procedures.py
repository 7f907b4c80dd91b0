"""Tests, treatments and referrals: found by any of their names, whole words only, with their kind."""

import pytest

from app.language.procedures import find_procedures


def named(text: str) -> list[tuple[str, str]]:
    return [(found.name, found.kind) for found in find_procedures(text)]


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("let's get an A1C", "hemoglobin a1c", "lab"),
        ("some bloods please", "blood test", "lab"),
        ("a full blood count", "complete blood count", "lab"),
        ("bring a urine sample", "urine sample", "lab"),
        ("an x ray of the wrist", "x-ray", "imaging"),
        ("an xray", "x-ray", "imaging"),
        ("an echo of the heart", "echocardiogram", "imaging"),
        ("cat scan", "ct scan", "imaging"),
        ("an ECG", "ekg", "procedure"),
        ("pulmonary function tests", "pulmonary function test", "procedure"),
        ("a steroid injection", "epidural", "treatment"),
        ("see a dermatologist", "dermatology", "referral"),
        ("some physio", "physical therapy", "referral"),
        ("refer you to ent", "ent", "referral"),
    ],
)
def test_procedures_are_found_under_their_usual_name(text: str, name: str, kind: str) -> None:
    assert named(text) == [(name, kind)]


@pytest.mark.parametrize("text", ["the patient was sent home", "a different scandal", "he swabbed"])
def test_parts_of_words_are_no_procedures(text: str) -> None:
    assert named(text) == []


def test_the_longest_name_wins_and_offsets_hold() -> None:
    text = "repeat the chest X-ray and a lipid panel"
    found = find_procedures(text)
    assert [text[one.start : one.end] for one in found] == ["chest X-ray", "lipid panel"]

"""The probes of checking: on a visit whose values are plain, every change is caught and nothing true is refused."""

import pytest

from app.jobs.evaluation.labelled import LabelledVisit
from app.jobs.evaluation.probes import filler_probe, in_words, value_swap_probe

TURNS = (
    ("Doctor", "so um i'm going to start you on , uh , lisinopril twenty milligrams once a day for ten days"),
    ("Patient", "okay that sounds fine"),
    ("Doctor", "and um come back and see me in three weeks"),
)


def visit() -> LabelledVisit:
    text, spans = "", {}
    for number, (speaker, said) in enumerate(TURNS, start=1):
        start = len(text) + len(f"{speaker}: ")
        spans[number] = (start, start + len(said))
        text += f"{speaker}: {said}\n"
    orders = [
        {
            "order_type": "medication",
            "description": "lisinopril twenty milligrams once a day for ten days",
            "provenance": [1],
        },
        {"order_type": "followup", "description": "see me in three weeks", "provenance": [3]},
    ]
    return LabelledVisit("made-up", text, spans, orders, None, {}, None)


def test_changed_values_are_caught() -> None:
    figures = value_swap_probe([visit()])
    assert figures["cases"] >= 12
    assert figures["caught"] == 1.0


def test_the_probe_is_the_same_every_time() -> None:
    assert value_swap_probe([visit()]) == value_swap_probe([visit()])


def test_quotes_without_fillers_are_found_and_true() -> None:
    figures = filler_probe([visit()])
    assert (figures["cases"], figures["kept"], figures["untouched"], figures["exact_slices"]) == (2, 1.0, 1.0, 1.0)


def test_a_visit_without_orders_gives_no_share() -> None:
    empty = LabelledVisit("made-up", "Doctor: hello", {}, None, None, {}, None)
    assert value_swap_probe([empty])["caught"] is None


@pytest.mark.parametrize(
    ("number", "words"), [(15, "fifteen"), (42, "forty two"), (1250, "one thousand two hundred fifty")]
)
def test_numbers_in_words(number: int, words: str) -> None:
    assert in_words(number) == words

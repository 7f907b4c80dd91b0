"""Reads labelled visits: JSON lines with a transcript and any of orders, hand-made lists, and facts of the note."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from app.jobs.evaluation.label_shape import check_labels

Split = Literal["dev", "check"]
Item = dict[str, Any]
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LabelledVisit:
    """One visit and its labels; a label that the file does not give is None.

    `turn_spans`: turn id -> (start, end) in `transcript`, the turns that `orders[].provenance` counts.
    `lists`, `optional_lists`: list name -> items, whose `evidence` is verbatim in `transcript`.
    `note_facts`: what the clinician's own note names, such as `medications` and `medication_doses`.
    """

    id: str
    transcript: str
    turn_spans: dict[int, tuple[int, int]]
    orders: list[Item] | None
    lists: dict[str, list[Item]] | None
    optional_lists: dict[str, list[Item]]
    note_facts: dict[str, list[str]] | None


def read_labelled(path: Path, split: Split | None = None) -> list[LabelledVisit]:
    """The visits of one JSON-lines file, all or those of one half; raises ValueError for a line that is not a visit."""
    visits = [_visit(number, row) for number, row in _rows(path)]
    return [visit for visit in visits if split is None or split_of(visit.id) == split]


def split_of(visit_id: str) -> Split:
    """The half that a visit falls in, by a hash of its id: rules are developed on one and checked on the other."""
    return "dev" if sha256(visit_id.encode()).digest()[0] % 2 == 0 else "check"


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                check_labels(number, line)
                yield number, json.loads(line)


def _visit(number: int, row: dict[str, Any]) -> LabelledVisit:
    return LabelledVisit(
        id=str(row.get("id", number)),
        transcript=row["transcript"],
        turn_spans={turn: (start, end) for turn, start, end in row.get("turn_spans", [])},
        orders=row.get("orders"),
        lists=row.get("gold"),
        optional_lists=row.get("gold_optional", {}),
        note_facts=row.get("proxy_gold"),
    )

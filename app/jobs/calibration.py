"""`python -m app.jobs.calibration FILE --gold GOLD`: fits the confidence of items on labelled visits."""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import numpy as np
import orjson
import typer
from rich.console import Console

from app.db.users import Clinician
from app.extraction.answer import read_answer
from app.extraction.confidence import Witness, features_of
from app.extraction.findings_check import check_findings
from app.extraction.second_reader import read_again
from app.extraction.visit import Visit
from app.findings import ITEM_TYPES
from app.jobs.evaluation.labelled import Item, LabelledVisit, read_labelled
from app.jobs.evaluation.outcomes import Outcome, calibration_error, judged_items

RIDGE = 2.0
FOLDS = 10
SEED = 20
Array = np.ndarray[Any, np.dtype[np.float64]]
Example = tuple[str, dict[str, float], bool]


def fit(
    file: Annotated[Path, typer.Argument(help="JSON lines of labelled visits.")],
    gold: Annotated[Path, typer.Option(help="JSON lines with hand-made lists.")],
    out: Annotated[Path | None, typer.Option(help="Where to write the fit.")] = None,
) -> None:
    """Fits, prints the calibration error on visits that a fit has not seen, and writes the weights."""
    visits = read_labelled(file) + read_labelled(gold)
    own = [example for visit in visits for example in rules_examples(visit)]
    others = list(model_examples(visits))
    console = Console()
    console.print(f"rules engine: {_cross_validated(own, others):.4f} on {len(own)} items")
    console.print(f"any other model: {_cross_validated(others, own):.4f} on {len(others)} items made from labels")
    names, weights = fitted(own + others)
    told = {"version": f"{datetime.now(UTC):%Y-%m-%d}", "items": len(own) + len(others)}
    written = told | {"weights": {name: round(float(w), 4) for name, w in zip(names, weights, strict=True)}}
    if out:
        out.write_text(json.dumps(written, indent=2) + "\n")


def rules_examples(visit: LabelledVisit) -> Iterator[Example]:
    """`(visit, features, right)` of each item of the rules engine that the visit's labels can judge."""
    asked = Visit(visit.transcript, Clinician(UUID(int=0)))
    raw = read_again(asked.text, asked.turns)
    found = check_findings(asked, read_answer(orjson.dumps(raw).decode(), frozenset()))
    witness = Witness(asked, read_by_rules=True)
    for category, item, right in judged_items(visit, found):
        yield visit.id, features_of(category, item, witness), right


def model_examples(visits: Sequence[LabelledVisit]) -> Iterator[Example]:
    """The same for what other models might answer: the labels themselves, right, and spoilt copies of them, wrong."""
    chance = random.Random(SEED)  # noqa: S311 - a sample, no secret
    pool = [(category, item) for visit in visits for category, item in _labels(visit)]
    for visit in visits:
        asked = Visit(visit.transcript, Clinician(UUID(int=0)))
        witness = Witness(asked, read_by_rules=False)
        for category, item in _labels(visit):
            yield from _checked(category, item, witness, visit.id, right=True)
            yield from _checked(category, _spoilt(category, item, pool, asked, chance), witness, visit.id, right=False)


def fitted(examples: Sequence[Example]) -> tuple[list[str], Array]:
    """Names and weights of a ridge-penalised logistic regression, by Newton's method (IRLS)."""
    names = sorted({name for _, features, _ in examples for name in features})
    matrix = _matrix(names, examples)
    right = np.array([float(example[2]) for example in examples])
    penalty = RIDGE * np.eye(len(names))
    penalty[names.index("bias"), names.index("bias")] = 0
    weights = np.zeros(len(names))
    for _ in range(50):
        p = 1 / (1 + np.exp(-matrix @ weights))
        gradient = matrix.T @ (right - p) - penalty @ weights
        step = np.linalg.solve((matrix.T * (p * (1 - p))) @ matrix + penalty, gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-8:
            break
    return names, weights


def _cross_validated(examples: Sequence[Example], more: Sequence[Example]) -> float:
    """The expected calibration error, each visit judged by a fit on the others."""
    ids = sorted({visit for visit, _, _ in examples})
    random.Random(SEED).shuffle(ids)  # noqa: S311
    outcomes = []
    for fold in range(FOLDS):
        held = set(ids[fold::FOLDS])
        names, weights = fitted([example for example in [*examples, *more] if example[0] not in held])
        judged = [example for example in examples if example[0] in held]
        p = 1 / (1 + np.exp(-_matrix(names, judged) @ weights))
        outcomes += [Outcome(float(value), example[2]) for value, example in zip(p, judged, strict=True)]
    return calibration_error(outcomes)


def _matrix(names: Sequence[str], examples: Sequence[Example]) -> Array:
    return np.array([[features.get(name, 0.0) for name in names] for _, features, _ in examples])


def _labels(visit: LabelledVisit) -> Iterator[tuple[str, Item]]:
    """A visit's hand-made items as a model would answer them."""
    for category, items in (visit.lists or {}).items():
        for item in items:
            yield category, item


def _checked(category: str, item: Item, witness: Witness, visit_id: str, right: bool) -> Iterator[Example]:
    answer = {"summary": "", **{name: [] for name in ITEM_TYPES}, category: [_raw(category, item)]}
    found = check_findings(witness.visit, read_answer(orjson.dumps(answer).decode(), frozenset()))
    for finding in found[category]:
        yield visit_id, features_of(category, finding, witness), right


def _raw(category: str, item: Item) -> Item:
    """The label in the shape of a model's answer; what the labels do not say gets the plainest value."""
    plainest = {"priority": "medium", "commitment": "ordered", "assigned_to": "patient", "status": "start"}
    known = {name: item.get(name, plainest.get(name)) for name in ITEM_TYPES[category].model_fields}
    return known | {"evidence": [{"turn": item.get("turn", 0), "quote": item["evidence"]}]}


def _spoilt(category: str, item: Item, pool: Sequence[tuple[str, Item]], visit: Visit, chance: random.Random) -> Item:
    """A wrong copy: another visit's item under these words, or this item under words that do not prove it."""
    others = [other for kind, other in pool if kind == category and other["evidence"] not in visit.text]
    if others and chance.random() < 0.5:
        return {**chance.choice(others), "evidence": item["evidence"]}
    turn = chance.choice(visit.turns)
    return {**item, "evidence": visit.text[turn.start : turn.end][:200]}


if __name__ == "__main__":
    typer.run(fit)

"""`python -m app.jobs.evaluation FILE`: scores the offline rules on labelled visits, without a service."""

from pathlib import Path
from time import process_time
from typing import Annotated, Literal

import typer
from rich.console import Console

from app.jobs.evaluation.labelled import LabelledVisit, read_labelled
from app.jobs.evaluation.listing import PARTS, list_errors
from app.jobs.evaluation.offline_engine import answer_offline
from app.jobs.evaluation.report import Report


def score_rules(
    file: Annotated[Path, typer.Argument(help="JSON lines of labelled visits.")],
    gold: Annotated[Path | None, typer.Option(help="JSON lines with hand-made lists.")] = None,
    split: Annotated[Literal["dev", "check"] | None, typer.Option(help="One half of the visits, by hash.")] = None,
    show: Annotated[
        tuple[str, str] | None, typer.Option(help="mediqa|lists|medications and VISIT_ID (or all).")
    ] = None,
) -> None:
    """Prints the tables, or with --show the pairs, misses and false alarms of one visit or of all."""
    visits = read_labelled(file, split) + (read_labelled(gold, split) if gold else [])
    if show:
        _show(show[0], show[1], visits)
    else:
        _score(visits)


def _score(visits: list[LabelledVisit]) -> None:
    report, began = Report(), process_time()
    for visit in visits:
        report.add(visit, answer_offline(visit.transcript))
    Console().print(report.tables())
    Console(stderr=True).print(f"{len(visits)} visits, {process_time() - began:.1f} s of CPU")


def _show(part: str, visit_id: str, visits: list[LabelledVisit]) -> None:
    if part not in PARTS:
        raise typer.BadParameter(f"choose one of {', '.join(PARTS)}")
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for visit in visits:
        if visit_id in {visit.id, "all"} and (
            lines := list(list_errors(part, visit, answer_offline(visit.transcript)))
        ):
            console.print(f"== {visit.id}", *lines, sep="\n")


if __name__ == "__main__":
    typer.run(score_rules)

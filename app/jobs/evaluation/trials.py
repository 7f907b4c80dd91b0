"""Tries the checks on labels alone, without a model: finding turns, noticing omissions, catching changed values."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from app.extraction.provenance import index_turns
from app.jobs.evaluation.counts import share
from app.jobs.evaluation.labelled import LabelledVisit
from app.jobs.evaluation.mediqa import Overlap
from app.jobs.evaluation.omissions import leave_each_out
from app.jobs.evaluation.probes import filler_probe, value_swap_probe


def run_trials(visits: Sequence[LabelledVisit]) -> dict[str, Any]:
    """Figures over the visits that have labelled orders, shares from 0 to 1; `{}` when none has."""
    with_orders = [visit for visit in visits if visit.orders]
    if not with_orders:
        return {}
    return {
        "turns_found": _turns_found(with_orders),
        "omissions": _omissions(with_orders),
        "value_swap": value_swap_probe(with_orders),
        "fillers_removed": filler_probe(with_orders),
    }


def trials_table(figures: dict[str, Any]) -> Table:
    """The figures for a person to read."""
    found, left_out = figures["turns_found"], figures["omissions"]
    swap, bare = figures["value_swap"], figures["fillers_removed"]
    table = Table("trials on labelled orders", "figure", "of")
    table.add_row("turns found, description given: F1", f"{found['by_description']:.3f}", f"{found['orders']} orders")
    table.add_row("turns found, reason given too: F1", f"{found['by_reason_too']:.3f}", f"{found['orders']} orders")
    table.add_row("left-out orders noticed", f"{left_out['noticed']:.3f}", f"{left_out['trials']} trials")
    table.add_row("turns listed a trial", f"{left_out['turns_listed']:.1f}", "at most 5 asked for")
    table.add_row("changed values caught", _figure(swap["caught"]), f"{swap['cases']} changes")
    table.add_row("items kept without fillers", _figure(bare["kept"]), f"{bare['cases']} items")
    return table


def _turns_found(visits: Sequence[LabelledVisit]) -> dict[str, float]:
    """F1 over turn ids, as MEDIQA-OE takes it, of the turns that are found for each labelled order's own wording."""
    by_description, by_reason_too = Overlap(), Overlap()
    for visit in visits:
        ids = sorted(visit.turn_spans)
        index = index_turns([visit.transcript[slice(*visit.turn_spans[turn])] for turn in ids])
        for order in visit.orders or []:
            wording = order["description"], order["reason"]
            by_description.add(order["provenance"], [ids[place] for place in index.find(wording[0])])
            by_reason_too.add(order["provenance"], [ids[place] for place in index.find(*wording)])
    return {
        "by_description": by_description.rates.f1,
        "by_reason_too": by_reason_too.rates.f1,
        "orders": sum(len(visit.orders or []) for visit in visits),
    }


def _omissions(visits: Sequence[LabelledVisit]) -> dict[str, float]:
    trials = [trial for visit in visits for trial in leave_each_out(visit)]
    return {
        "noticed": share(sum(trial.noticed for trial in trials), len(trials)),
        "turns_listed": share(sum(trial.turns_listed for trial in trials), len(trials)),
        "trials": len(trials),
    }


def _figure(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"

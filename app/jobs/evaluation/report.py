"""Gathers the scores of many visits into one report, and turns it into tables and JSON."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group
from rich.table import Table

from app.jobs.evaluation.attributes import Verdict
from app.jobs.evaluation.counts import Counts, Rates, share
from app.jobs.evaluation.labelled import Answer, LabelledVisit
from app.jobs.evaluation.lists import ListScores, compare_lists
from app.jobs.evaluation.medications import compare_medications
from app.jobs.evaluation.mediqa import OrderScores, Pair, pair_orders, score_orders
from app.jobs.evaluation.orders import gold_orders, orders_of

_VERDICTS: tuple[Verdict, ...] = ("right", "wrong", "missing", "invented", "absent")


@dataclass(slots=True)
class Report:
    """Scores so far; each visit counts for the labels that it has."""

    visits: int = 0
    order_pairs: list[Pair] = field(default_factory=list)
    order_visits: int = 0
    medications: Counts = field(default_factory=Counts)
    doses: Counter[Verdict] = field(default_factory=Counter)
    medication_visits: int = 0
    lists: ListScores = field(default_factory=ListScores)
    list_visits: int = 0

    def add(self, visit: LabelledVisit, answer: Answer) -> None:
        """Scores one answer."""
        self.visits += 1
        if visit.orders is not None:
            self.order_visits += 1
            self.order_pairs += pair_orders(gold_orders(visit.orders), orders_of(answer, visit.turn_spans))
        if visit.note_facts is not None:
            self.medication_visits += 1
            comparison = compare_medications(visit, answer)
            self.medications += comparison.counts
            self.doses += comparison.dose_verdicts
        if visit.lists is not None:
            self.list_visits += 1
            for category, compared in compare_lists(visit, answer).items():
                self.lists.add(category, compared)

    @property
    def orders(self) -> OrderScores:
        return score_orders(self.order_pairs)

    def as_dict(self) -> dict[str, Any]:
        """The figures, each 0 to 1, beside the numbers they come from."""
        orders = self.orders
        return {
            "visits": self.visits,
            "mediqa_oe": {"visits": self.order_visits, **_order_figures(orders), "mean": orders.mean},
            "medication_names": {"visits": self.medication_visits, **_figures(self.medications.rates)},
            "medication_doses": _verdict_shares(self.doses),
            "lists": {
                "visits": self.list_visits,
                "micro": _figures(self.lists.micro.rates),
                **{category: _figures(counts.rates) for category, counts in self.lists.lists.items()},
            },
            "attributes": {name: dict(verdicts) for name, verdicts in self.lists.attributes.items()},
        }

    def tables(self) -> Group:
        """The figures for a person to read."""
        return Group(*(table for table in (self._orders(), self._medications(), *self._lists()) if table.row_count))

    def _orders(self) -> Table:
        table = _rates_table(f"MEDIQA-OE orders, {self.order_visits} visits")
        if self.order_visits:
            orders = self.orders
            for name, rates in _order_rates(orders).items():
                _add_rates(table, name, rates)
            table.add_row("mean of the four", "", "", f"{orders.mean:.3f}")
        return table

    def _medications(self) -> Table:
        table = _rates_table(f"Medications named in the note, {self.medication_visits} visits")
        if self.medication_visits:
            _add_rates(table, "names", self.medications.rates)
            shares = _verdict_shares(self.doses)
            table.add_row("doses", *(f"{name} {shares[name]:.3f}" for name in ("right", "wrong", "missing")))
        return table

    def _lists(self) -> tuple[Table, Table]:
        lists = _rates_table(f"The four lists, {self.list_visits} visits")
        attributes = Table("attribute of matched items", *_VERDICTS)
        if self.list_visits:
            for category, counts in self.lists.lists.items():
                _add_rates(lists, category, counts.rates)
            _add_rates(lists, "all four (micro)", self.lists.micro.rates)
        for name, verdicts in self.lists.attributes.items():
            attributes.add_row(name, *(str(verdicts[verdict]) for verdict in _VERDICTS))
        return lists, attributes


def _order_rates(scores: OrderScores) -> dict[str, Rates]:
    names = ("match", "description", "reason", "order_type", "provenance")
    return {name: getattr(scores, name) for name in names}


def _order_figures(scores: OrderScores) -> dict[str, dict[str, float]]:
    return {name: _figures(rates) for name, rates in _order_rates(scores).items()}


def _figures(rates: Rates) -> dict[str, float]:
    return {"precision": rates.precision, "recall": rates.recall, "f1": rates.f1}


def _verdict_shares(verdicts: Counter[Verdict]) -> dict[str, float]:
    """Of the labelled values: the shares right, wrong and missing."""
    labelled = verdicts["right"] + verdicts["wrong"] + verdicts["missing"]
    return {name: share(verdicts[name], labelled) for name in _VERDICTS[:3]} | {"labelled": float(labelled)}


def _rates_table(title: str) -> Table:
    return Table(title, "precision", "recall", "F1")


def _add_rates(table: Table, name: str, rates: Rates) -> None:
    table.add_row(name, f"{rates.precision:.3f}", f"{rates.recall:.3f}", f"{rates.f1:.3f}")

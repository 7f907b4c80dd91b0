"""What answers claim about themselves, checked: exact quotes, verified items, calibrated confidence."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from app.findings import ITEM_TYPES
from app.jobs.evaluation.counts import share
from app.jobs.evaluation.labelled import Answer, LabelledVisit
from app.jobs.evaluation.outcomes import Outcome, calibration_error, outcomes_of

_CONFIRMED = ("verified", "repaired")


@dataclass(slots=True)
class Quality:
    """Counts over the answers of a service."""

    quotes: int = 0
    exact_quotes: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    outcomes: list[Outcome] = field(default_factory=list)

    def add(self, visit: LabelledVisit, answer: Answer) -> None:
        """Counts one answer in API shape, `verification` and `confidence` included."""
        items = [item for category in ITEM_TYPES for item in answer[category]]
        quotes = [quote for item in items for quote in item["evidence"]]
        self.quotes += len(quotes)
        self.exact_quotes += sum(visit.transcript[quote["start"] : quote["end"]] == quote["quote"] for quote in quotes)
        self.verdicts.update(item["verification"] for item in items)
        self.outcomes += outcomes_of(visit, answer)

    def as_dict(self) -> dict[str, Any]:
        """Shares from 0 to 1, each beside the number it is a share of."""
        return {
            "exact_quote_rate": share(self.exact_quotes, self.quotes),
            "quotes": self.quotes,
            "verified_share": share(sum(self.verdicts[name] for name in _CONFIRMED), self.verdicts.total()),
            "verification": dict(self.verdicts),
            "expected_calibration_error": calibration_error(self.outcomes),
            "judged_items": len(self.outcomes),
        }

    def table(self) -> Table:
        """The figures for a person to read."""
        figures = self.as_dict()
        table = Table("what the answers claim", "figure", "of")
        table.add_row("quotes exact", f"{figures['exact_quote_rate']:.3f}", f"{self.quotes} quotes")
        table.add_row(
            "items verified or repaired", f"{figures['verified_share']:.3f}", f"{self.verdicts.total()} items"
        )
        table.add_row(
            "expected calibration error",
            f"{figures['expected_calibration_error']:.3f}",
            f"{len(self.outcomes)} judged items",
        )
        return table

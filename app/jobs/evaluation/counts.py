"""Hits, false alarms and misses, and the precision, recall and F1 that follow from them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rates:
    """Precision and recall, each 0 to 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of the two; 0 when both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Counts:
    """How many answers were right, false alarms, or missed; added up over visits, they give micro averages."""

    hits: int = 0
    false_alarms: int = 0
    misses: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.hits + other.hits, self.false_alarms + other.false_alarms, self.misses + other.misses)

    @property
    def rates(self) -> Rates:
        return Rates(share(self.hits, self.hits + self.false_alarms), share(self.hits, self.hits + self.misses))


def share(part: float, whole: float) -> float:
    """`part / whole`, or 0 of nothing."""
    return part / whole if whole else 0.0

"""The metrics of MEDIQA-OE 2025: description, reason, type, provenance of paired orders, their mean, and the match."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.extraction.assignment import best_pairs
from app.jobs.evaluation.counts import Counts, Rates, share
from app.jobs.evaluation.orders import Order

_DROPPED = str.maketrans("", "", ".,?!")
Pair = tuple[Order | None, Order | None]


@dataclass(slots=True)
class Overlap:
    """Overlap of labels an order at a time: precision is a mean over the answered orders, recall over the labelled.

    This is how the task averages ROUGE-1 and provenance: F1 is taken of the two means, not a mean of F1s.
    """

    precisions: list[float] = field(default_factory=list)
    recalls: list[float] = field(default_factory=list)

    def add(self, gold: Sequence[object], answered: Sequence[object]) -> None:
        """Counts one pair; an empty side is an order that gives nothing here, and has no share in that side's mean."""
        if answered:
            self.precisions.append(share(sum(label in gold for label in answered), len(answered)))
        if gold:
            self.recalls.append(share(sum(label in answered for label in gold), len(gold)))

    @property
    def rates(self) -> Rates:
        return Rates(
            share(sum(self.precisions), len(self.precisions)),
            share(sum(self.recalls), len(self.recalls)),
        )


@dataclass(frozen=True, slots=True)
class OrderScores:
    """The task's figures, each 0 to 1; `mean` is the average of the four F1 that ranks the systems."""

    match: Rates
    description: Rates
    reason: Rates
    order_type: Rates
    provenance: Rates

    @property
    def mean(self) -> float:
        return (self.description.f1 + self.reason.f1 + self.order_type.f1 + self.provenance.f1) / 4


def pair_orders(gold: Sequence[Order], answered: Sequence[Order]) -> list[Pair]:
    """(gold, answered) one to one within one visit, None beside an order without partner.

    The weight of a pair is the share of the gold description's words that stand in the answered one; the pairing
    with the greatest sum is taken, and pairs without a common word are undone.
    """
    weights = [[_likeness(one.description, other.description) for other in answered] for one in gold]
    pairs = best_pairs(weights)
    paired_gold, paired_answers = {row for row, _ in pairs}, {column for _, column in pairs}
    return [
        *((gold[row], answered[column]) for row, column in pairs),
        *((order, None) for row, order in enumerate(gold) if row not in paired_gold),
        *((None, order) for column, order in enumerate(answered) if column not in paired_answers),
    ]


def score_orders(pairs: Iterable[Pair]) -> OrderScores:
    """The MEDIQA-OE 2025 figures over the pairs of all visits (SIMORD, arXiv 2507.05517; overview, arXiv 2510.26974).

    match: F1 of having a partner. description, reason: ROUGE-1 over lower-case words without full stop, comma,
    question or exclamation mark. order_type: F1 of the very same type. provenance: F1 over sets of turn ids. Pairs
    in which both sides lack a reason do not count for reason. An order without partner counts against the precision
    or recall of every figure.
    """
    match, types = Counts(), Counts()
    description, reason, provenance = Overlap(), Overlap(), Overlap()
    for gold, answered in pairs:
        match += Counts(bool(gold and answered), gold is None, answered is None)
        types += _type_counts(gold, answered)
        description.add(_words(gold.description if gold else None), _words(answered.description if answered else None))
        reason.add(_words(gold.reason if gold else None), _words(answered.reason if answered else None))
        provenance.add(_turns(gold), _turns(answered))
    return OrderScores(match.rates, description.rates, reason.rates, types.rates, provenance.rates)


def _likeness(gold: str, answered: str) -> float:
    words, others = _words(gold), _words(answered)
    return 1.0 if words == others else share(sum(word in others for word in words), len(words))


def _type_counts(gold: Order | None, answered: Order | None) -> Counts:
    same = gold is not None and answered is not None and gold.order_type == answered.order_type
    return Counts(same, answered is not None and not same, gold is not None and not same)


def _words(text: str | None) -> list[str]:
    return text.lower().translate(_DROPPED).split() if text else []


def _turns(order: Order | None) -> list[int]:
    return sorted(order.turns) if order else []

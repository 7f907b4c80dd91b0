"""The probability that an item is right, from what code can see of it, calibrated on labelled visits."""

import json
import math
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

from app.extraction.visit import Visit
from app.language.turns import Turn
from app.llm.offline.intent import PLANS

# Plans are made towards the end of a visit.
_PLAN_REGION_FROM = 0.6


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic model: `weights` by feature name, `version` of the fit. Written by `app.jobs.calibration`."""

    version: str
    weights: dict[str, float]

    def probability(self, features: dict[str, float]) -> float:
        """Between 0.01 and 0.99: labels of a few hundred items cannot make anyone surer."""
        score = sum(self.weights.get(name, 0.0) * value for name, value in features.items())
        return min(0.99, max(0.01, 1 / (1 + math.exp(-score))))


@cache
def calibration() -> Calibration:
    """The fit that ships with this version."""
    stored = json.loads((files("app.extraction") / "calibration.json").read_text())
    return Calibration(stored["version"], stored["weights"])


def confidence_of(category: str, item: dict[str, Any], witness: "Witness") -> float:
    """Rounded to the fourth place."""
    return _confidence(_seen(category, item, witness))


@dataclass(frozen=True, slots=True)
class Witness:
    """What an item is held against: the visit, and whether the rules engine was the model that read it."""

    visit: Visit
    read_by_rules: bool

    def turn(self, number: int) -> Turn | None:
        return self.visit.turns[number - 1] if 0 < number <= len(self.visit.turns) else None


class Seen(NamedTuple):
    """What counts of an item: names of ours, and no words of its visit."""

    category: str
    verification: str
    commitment: str
    read_by_rules: bool
    several_quotes: bool
    quote_mended: bool
    by_clinician: bool
    in_plan_region: bool
    tells_plan: bool
    has_dosage: bool
    has_due: bool


def features_of(category: str, item: dict[str, Any], witness: Witness) -> dict[str, float]:
    """Named features, 0 or 1 each but for `bias`, which is always 1."""
    return _features(_seen(category, item, witness))


def _seen(category: str, item: dict[str, Any], witness: Witness) -> Seen:
    quotes = item["evidence"]
    first = witness.turn(quotes[0]["turn"]) if quotes else None
    return Seen(
        category,
        item["verification"],
        item["commitment"],
        witness.read_by_rules,
        several_quotes=len(quotes) > 1,
        quote_mended="quote_mended" in item["flags"],
        by_clinician=first is not None and first.role in ("clinician", None),
        in_plan_region=first is not None and first.start >= _PLAN_REGION_FROM * len(witness.visit.text),
        tells_plan=any(PLANS.pattern.search(quote["quote"].lower()) for quote in quotes),
        has_dosage=bool(item.get("dosage")),
        has_due=bool(item.get("due")),
    )


@lru_cache(4096)
def _confidence(seen: Seen) -> float:
    return round(calibration().probability(_features(seen)), 4)


def _features(seen: Seen) -> dict[str, float]:
    holds = {
        "bias": True,
        f"category:{seen.category}": True,
        f"verification:{seen.verification}": True,
        f"commitment:{seen.commitment}": True,
        "reader:rules": seen.read_by_rules,
        "quotes:several": seen.several_quotes,
        "quotes:mended": seen.quote_mended,
        "speaker:clinician": seen.by_clinician,
        "place:plan": seen.in_plan_region,
        "cue:plan": seen.tells_plan,
        "value:dosage": seen.has_dosage,
        "value:due": seen.has_due,
    }
    return {name: float(value) for name, value in holds.items() if value}

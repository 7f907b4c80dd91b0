"""The probability that an item is right, from what code can see of it, calibrated on labelled visits."""

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

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


def confidence_of(category: str, item: dict[str, Any], evidence: "Witness") -> float:
    """Rounded to the fourth place."""
    return round(calibration().probability(features_of(category, item, evidence)), 4)


@dataclass(frozen=True, slots=True)
class Witness:
    """What an item is held against: the visit, and whether the rules engine was the model that read it."""

    visit: Visit
    read_by_rules: bool

    def turn(self, number: int) -> Turn | None:
        return self.visit.turns[number - 1] if 0 < number <= len(self.visit.turns) else None


def features_of(category: str, item: dict[str, Any], witness: Witness) -> dict[str, float]:
    """Named features, 0 or 1 each but for `bias`, which is always 1."""
    quotes = item["evidence"]
    first = witness.turn(quotes[0]["turn"]) if quotes else None
    holds = {
        "bias": True,
        f"category:{category}": True,
        f"verification:{item['verification']}": True,
        f"commitment:{item['commitment']}": True,
        "reader:rules": witness.read_by_rules,
        "quotes:several": len(quotes) > 1,
        "quotes:mended": "quote_mended" in item["flags"],
        "speaker:clinician": first is not None and first.role in ("clinician", None),
        "place:plan": first is not None and first.start >= _PLAN_REGION_FROM * len(witness.visit.text),
        "cue:plan": any(PLANS.pattern.search(quote["quote"].lower()) for quote in quotes),
        "value:dosage": bool(item.get("dosage")),
        "value:due": bool(item.get("due")),
    }
    return {name: float(value) for name, value in holds.items() if value}

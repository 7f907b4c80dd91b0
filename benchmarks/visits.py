"""The visits that are posted: the project's samples, each with small talk of its own, so that no two are alike."""

import random
import re
from functools import cache
from typing import NamedTuple

import orjson

from app.language.turns import split_turns
from app.samples import visit_names, visit_text

CLINICIANS = 200
VISIT_DATE = "2026-11-20"
# Stands in each posted visit, and in the prompt that is made of it: the number of the sample.
_FILE_NUMBER = re.compile(rb"your file is (\d\d)-")
_JOURNEY = ("bus", "train", "tram", "bicycle", "taxi", "ferry", "scooter", "car", "van", "metro", "shuttle", "coach")
_PLACES = ("market", "harbor", "station", "library", "bakery", "stadium", "museum", "garden", "bridge", "school")
_PEOPLE = ("neighbor", "cousin", "uncle", "colleague", "niece", "landlord", "postman", "teacher", "plumber", "baker")
_DOINGS = ("painting", "moving", "selling", "fixing", "cleaning", "building", "photographing", "decorating", "guarding")
_THINGS = ("fence", "kitchen", "boat", "piano", "shed", "bookcase", "roof", "tent", "greenhouse", "sofa", "gate")
_WEATHER = ("sunny", "windy", "foggy", "cloudy", "rainy", "snowy", "misty", "mild", "chilly", "stormy", "bright")
_LISTS = (_JOURNEY, _PLACES, _PLACES, _WEATHER, _PEOPLE, _DOINGS, _THINGS, _PLACES, _THINGS, _WEATHER)


class Sample(NamedTuple):
    """A sample visit: what stands before the first speaker's words and before the second's, and the whole text."""

    name: str
    first: str
    second: str
    text: str


@cache
def samples() -> tuple[Sample, ...]:
    """The project's own visits, in alphabetical order; their place in it is the sample's number."""
    return tuple(_sample(name) for name in visit_names())


def visit_body(number: int, talk_seed: int | None = None) -> bytes:
    """What is posted as visit `number`: samples and clinicians take turns; the same seed gives the same words again."""
    at = number % len(samples())
    body = {
        "transcript": transcript(at, number if talk_seed is None else talk_seed),
        "user": {"email": clinician_email(number % CLINICIANS)},
        "visit_date": VISIT_DATE,
    }
    return orjson.dumps(body)


def transcript(at: int, seed: int) -> str:
    """Sample number `at` after some small talk that only this seed has."""
    sample = samples()[at]
    said = random.Random(seed)  # noqa: S311
    bus, shop, hall, sky, friend, doing, fence, place, boat, later = (said.choice(words) for words in _LISTS)
    return (
        f"{sample.first}Before we begin, your file is {at:02d}-{seed:08d}, is that right?\n"
        f"{sample.second}It is. I came by {bus}, past the {shop} and the old {hall}, and it was rather {sky}.\n"
        f"{sample.first}Did your {friend} finish {doing} the {fence} near the {place}?\n"
        f"{sample.second}Almost, only the {boat} is left, but it turned {later} and we had to stop.\n"
        f"{sample.text}"
    )


def sample_number(text: bytes) -> int:
    """Which sample a request or a prompt is about; 0 for what is none of ours."""
    found = _FILE_NUMBER.search(text)
    return int(found[1]) if found else 0


def clinician_email(number: int) -> str:
    return f"clinician{number}@bench.example"


def _sample(name: str) -> Sample:
    text = visit_text(name)
    turns = split_turns(text)
    return Sample(name, _label(text, turns[0].start), _label(text, turns[1].start), text)


def _label(text: str, start: int) -> str:
    """What stands on a line before the words that begin at `start`."""
    return re.split(r"[\r\n]", text[:start])[-1]

"""The visits that are posted: the project's samples, each with small talk of its own, so that no two are alike."""

import random
import re
from functools import cache
from typing import NamedTuple

import orjson

from app.language.turns import split_turns
from app.samples import visit_names, visit_text

CLINICIANS = 200
# As many as it takes that the search for nearly equal texts does not take two visits of one sample for the same.
SMALL_TALK_TURNS = 8
VISIT_DATE = "2026-11-20"
NO_FILE = b"00-00000000"
# Stands in each posted visit, and in the prompt that is made of it: the number of the sample.
_FILE_NUMBER = re.compile(rb"your file is ((\d\d)-\d{8})")
_JOURNEY = ("bus", "train", "tram", "bicycle", "taxi", "ferry", "scooter", "car", "van", "metro", "shuttle", "coach")
_PLACES = ("market", "harbor", "station", "library", "bakery", "stadium", "museum", "garden", "bridge", "school")
_PEOPLE = ("neighbor", "cousin", "uncle", "colleague", "niece", "landlord", "postman", "teacher", "plumber", "baker")
_DOINGS = ("painting", "moving", "selling", "fixing", "cleaning", "building", "photographing", "decorating", "guarding")
_THINGS = ("fence", "kitchen", "boat", "piano", "shed", "bookcase", "roof", "tent", "greenhouse", "sofa", "gate")
_WEATHER = ("sunny", "windy", "foggy", "cloudy", "rainy", "snowy", "misty", "mild", "chilly", "stormy", "bright")
_LISTS = (
    *(_WEATHER, _PLACES, _PEOPLE, _DOINGS, _JOURNEY, _THINGS, _PEOPLE, _DOINGS, _WEATHER),
    *(_THINGS, _PLACES, _PEOPLE, _JOURNEY, _PEOPLE, _DOINGS, _WEATHER, _THINGS, _PLACES),
)


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


def visit_body(number: int, talk_seed: int | None = None, clinician: int | None = None) -> bytes:
    """What is posted as visit `number`: samples and clinicians take turns; the same seed gives the same words again."""
    at = number % len(samples())
    body = {
        "transcript": transcript(at, number if talk_seed is None else talk_seed),
        "user": {"email": clinician_email(number % CLINICIANS if clinician is None else clinician)},
        "visit_date": VISIT_DATE,
    }
    return orjson.dumps(body)


def transcript(at: int, seed: int) -> str:
    """Sample number `at` after some small talk that only this seed has."""
    sample, said = samples()[at], random.Random(seed)  # noqa: S311
    begun = f"{sample.first}Before we begin, your file is {at:02d}-{seed:08d}, is that right?"
    speakers = (sample.second, sample.first)
    talk = [f"{speakers[turn % 2]}{_small_talk(said)}" for turn in range(SMALL_TALK_TURNS)]
    return "\n".join([begun, *talk, sample.text])


def _small_talk(said: random.Random) -> str:
    """A sentence that no other visit has: nearly every run of three words in it is drawn."""
    words = [said.choice(kind) for kind in _LISTS]
    return ("{} {} {} {}, {} {} {} {}, {} {} {} {} {}, while {} {} {} {} {}.").format(*words).capitalize()


def sample_number(text: bytes) -> int:
    """Which sample a request or a prompt is about; 0 for what is none of ours."""
    found = _FILE_NUMBER.search(text)
    return int(found[2]) if found else 0


def file_number(text: bytes) -> bytes:
    """Which visit a prompt is about, in eleven bytes; zeros for what is none of ours."""
    found = _FILE_NUMBER.search(text)
    return found[1] if found else NO_FILE


def clinician_email(number: int) -> str:
    return f"clinician{number}@bench.example"


def _sample(name: str) -> Sample:
    text = visit_text(name)
    turns = split_turns(text)
    return Sample(name, _label(text, turns[0].start), _label(text, turns[1].start), text)


def _label(text: str, start: int) -> str:
    """What stands on a line before the words that begin at `start`."""
    return re.split(r"[\r\n]", text[:start])[-1]

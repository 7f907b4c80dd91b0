"""Splits a transcript into speaker turns, with offsets into the text exactly as it came."""

import re
from collections import Counter
from typing import Literal, NamedTuple

Role = Literal["clinician", "patient", "other"]

# A label is a short run of words before a colon, or one word in square brackets, at the start of a line.
_LABEL = re.compile(
    r"^[^\S\r\n]*(?:\[(?P<bracket>[^\]\r\n]{1,40})\][^\S\r\n]*:?"
    r"|(?P<name>[^\W\d_][\w.'’ -]{0,38}?)[^\S\r\n]*:(?!//))[^\S\r\n]*",
    re.MULTILINE,
)
_CLINICIAN = re.compile(
    r"^(?:dr\b|doc|physician|clinician|provider|nurse|gp\b|pa\b|np\b|therapist|consultant)|\bdoctor\b|\bm\.?d\.?$",
    re.IGNORECASE,
)
# A title makes a name of what stands before the colon, even if it comes once.
_TITLE = re.compile(r"^(?:mr|mrs|ms|miss|mx)\b", re.IGNORECASE)
_PATIENT = re.compile(r"^(?:pt\b|patient|client)|\bpatient\b", re.IGNORECASE)
_OTHER = re.compile(
    r"mother|father|mum|mom|dad|parent|wife|husband|partner|son\b|daughter|carer|caregiver|family|guest|interpreter|speaker",
    re.IGNORECASE,
)


class Turn(NamedTuple):
    """One speaker's words: `text[start:end]`, code points, label and surrounding white space left out."""

    number: int
    speaker: str | None
    role: Role | None
    start: int
    end: int


def split_turns(text: str) -> list[Turn]:
    """Turns in order, numbered from 1; without speaker labels each line that is not empty is a turn of nobody."""
    found = [(_name(label), label.start(), label.end()) for label in _LABEL.finditer(text)]
    times = Counter([name for name, _, _ in found])
    speakers = {name for name in times if is_speaker(name, times)}
    labels = [label for label in found if label[0] in speakers]
    if not labels:
        return _one_turn_a_line(text)
    spoken: list[tuple[str | None, int, int]] = [(None, 0, labels[0][1])]
    ends = [start for _, start, _ in labels[1:]] + [len(text)]
    spoken += [(name, begin, end) for (name, _, begin), end in zip(labels, ends, strict=True)]
    return _numbered(text, spoken)


def role_of(speaker: str | None) -> Role | None:
    """The part in the visit that a speaker label tells; None when it tells nothing."""
    if not speaker:
        return None
    if _CLINICIAN.search(speaker):
        return "clinician"
    if _PATIENT.search(speaker):
        return "patient"
    return "other" if _OTHER.search(speaker) else None


def opens_with_label(line: str) -> bool:
    """Whether a line begins like "Name: words" or "[Doctor] words"; `is_speaker` tells a person from "Plan: rest"."""
    found = _LABEL.match(line)
    if found is None or line[found.end() : found.end() + 1].isdigit():  # "at 10:30"
        return False
    return found["name"] is not None or role_of(found["bracket"]) is not None


def is_speaker(name: str, times: Counter[str]) -> bool:
    """A label that names a known part is one; any other must come back, or "Plan: rest" would be a person."""
    if role_of(name) is not None or _TITLE.match(name):
        return True
    return len(name.split()) <= 3 and times[name] > 1


def _name(found: re.Match[str]) -> str:
    return (found["bracket"] or found["name"]).strip()


def _one_turn_a_line(text: str) -> list[Turn]:
    return _numbered(text, [(None, found.start(), found.end()) for found in re.finditer(r"[^\r\n]+", text)])


def _numbered(text: str, spoken: list[tuple[str | None, int, int]]) -> list[Turn]:
    turns: list[Turn] = []
    roles = {speaker: role_of(speaker) for speaker in {speaker for speaker, _, _ in spoken}}
    for speaker, start, end in spoken:
        words = text[start:end].lstrip()
        if words:
            begin = end - len(words)
            turns.append(Turn(len(turns) + 1, speaker, roles[speaker], begin, begin + len(words.rstrip())))
    return turns

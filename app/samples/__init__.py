"""The project's own made-up visits, SOPs and labels, for the demo, for tests and for a first try."""

import json
from importlib.resources import files
from typing import Any

DEMO_VISIT = "sample_visit"

_HERE = files(__name__)
_URGENCY = ("high", "medium", "low")


def demo_visit() -> str:
    """The visit that shows most of what the product can do."""
    return visit_text(DEMO_VISIT)


def visit_names() -> list[str]:
    """The names of the visits, in alphabetical order."""
    return _names("visits", ".txt")


def visit_text(name: str) -> str:
    """The transcript of one visit exactly as it is stored, line ends included; KeyError for an unknown name."""
    return _bytes("visits", name, ".txt").decode()


def visit_labels(name: str) -> dict[str, Any]:
    """`{"gold": {list: items}, "gold_optional": {list: items}}` of a visit that has labels; KeyError for any other."""
    return _json("gold", name)


def labelled_visit_names() -> list[str]:
    """The names of the visits that have labels."""
    return _names("gold", ".json")


def sops() -> list[dict[str, Any]]:
    """The invented SOPs as `POST /sops` takes them, the most important first; that one fits the demo visit."""
    return sorted(
        (_json("sops", name) for name in _names("sops", ".json")), key=lambda sop: _URGENCY.index(sop["priority"])
    )


def _names(folder: str, ending: str) -> list[str]:
    return sorted(file.name.removesuffix(ending) for file in (_HERE / folder).iterdir() if file.name.endswith(ending))


def _json(folder: str, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_bytes(folder, name, ".json"))
    return content


def _bytes(folder: str, name: str, ending: str) -> bytes:
    if name not in _names(folder, ending):
        raise KeyError(name)
    return (_HERE / folder / f"{name}{ending}").read_bytes()

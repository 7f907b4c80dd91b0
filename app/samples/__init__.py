"""The project's own made-up visits, SOPs and labels, for the demo, for tests and for a first try."""

import json
from importlib.resources import files
from typing import Any

MAIN_VISIT = "sample_visit"

_HERE = files(__name__)


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


def sop_names() -> list[str]:
    """The names of the invented SOPs."""
    return _names("sops", ".json")


def sop(name: str) -> dict[str, Any]:
    """One SOP as `POST /sops` takes it; KeyError for an unknown name."""
    return _json("sops", name)


def _names(folder: str, ending: str) -> list[str]:
    return sorted(file.name.removesuffix(ending) for file in (_HERE / folder).iterdir() if file.name.endswith(ending))


def _json(folder: str, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(_bytes(folder, name, ".json"))
    return content


def _bytes(folder: str, name: str, ending: str) -> bytes:
    if name not in _names(folder, ending):
        raise KeyError(name)
    return (_HERE / folder / f"{name}{ending}").read_bytes()

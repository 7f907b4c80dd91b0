"""Sums up the findings of a visit in two or three plain sentences."""

from collections.abc import Sequence
from typing import Any

Item = dict[str, Any]

_TO_DO = ("ordered", "recommended")
_STATUS_WORDS = {"start": "start", "change": "change", "stop": "stop", "continue": "go on with"}
_MOST_NAMED = 4


def summarise(answer: dict[str, Any]) -> str:
    """What the visit was about, what was decided, and when the patient comes back; says so when nothing was found."""
    sentences = [_about(answer["problems"]), _medicines(answer["medication_instructions"])]
    sentences += [_todos(answer["clinician_todos"]), _follow_up(answer["follow_up_tasks"])]
    said = [sentence for sentence in sentences if sentence]
    return " ".join(said) or "The rules found nothing in this visit that has to happen next."


def _about(problems: Sequence[Item]) -> str:
    present = [problem["name"] for problem in problems if problem["assertion"] == "present"]
    return f"The visit was about {_listed(present)}." if present else ""


def _medicines(medicines: Sequence[Item]) -> str:
    decided = [item for item in medicines if item["commitment"] in _TO_DO]
    told = [f"{_STATUS_WORDS[item['status']]} {item['medication_name']}" for item in decided]
    return f"Medicines: {_listed(told)}." if told else ""


def _todos(todos: Sequence[Item]) -> str:
    told = [_small(todo) for todo in todos if todo["commitment"] in _TO_DO and todo["task_type"] != "prescription"]
    return f"To do for the clinician: {_listed(told)}." if told else ""


def _follow_up(tasks: Sequence[Item]) -> str:
    told = [_small(task) for task in tasks if task["commitment"] in _TO_DO]
    return f"Follow-up: {_listed(told)}." if told else ""


def _small(item: Item) -> str:
    description: str = item["description"]
    return description[:1].lower() + description[1:]


def _listed(names: Sequence[str]) -> str:
    named = list(dict.fromkeys(names))
    shown, more = named[:_MOST_NAMED], len(named) - _MOST_NAMED
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)

"""Shows an extraction to a person: findings by category, each with the words that prove it, scores and timings."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from app.findings import ITEM_TYPES
from app.logs import performance_summary

_MARKS = {
    "verified": "[green]✓[/]",
    "repaired": "[yellow]~[/]",
    "contradicted": "[red]✗[/]",
    "unsupported": "[red]?[/]",
}
_HEADLINES = {
    "medication_instructions": ("status", "medication_name", "dosage", "frequency", "duration", "route"),
    "problems": ("name", "assertion"),
    "allergies": ("substance", "reaction"),
    "vitals": ("name", "value", "unit"),
    "custom": ("category", "value"),
}


def print_answer(answer: dict[str, Any], console: Console) -> None:
    """The whole answer, for reading."""
    extraction = answer["extraction"]
    console.print(f"\n[bold]Summary[/]  {escape(extraction['summary'])}")
    for category in ITEM_TYPES:
        _print_category(category, extraction[category], console)
    _print_evaluation(answer, console)
    console.print()
    console.print(performance_summary(answer["timings"]))


def _print_category(category: str, items: list[dict[str, Any]], console: Console) -> None:
    if not items:
        return
    console.print(f"\n[bold]{category.replace('_', ' ').capitalize()}[/]")
    for item in items:
        console.print(f" {_MARKS[item['verification']]} {escape(_headline(category, item))}  [dim]{_aside(item)}[/]")
        for quote in item["evidence"]:
            speaker = f"{quote['speaker']}, " if quote["speaker"] else ""
            console.print(Text(f"     “{quote['quote']}”  ({speaker}turn {quote['turn']})", style="cyan"))


def _headline(category: str, item: dict[str, Any]) -> str:
    fields = _HEADLINES.get(category, ("description",))
    return " · ".join(str(item[field]) for field in fields if item[field])


def _aside(item: dict[str, Any]) -> str:
    due = item.get("due")
    date = f" ({item['due_date']})" if item.get("due_date") else ""
    parts = [item["commitment"], f"due {due}{date}" if due else "", f"{item['confidence']:.2f}", *item["flags"]]
    return escape(", ".join(filter(None, parts)))


def _print_evaluation(answer: dict[str, Any], console: Console) -> None:
    console.print("\n[bold]Evaluation[/]")
    evaluation = answer["evaluation"]
    if evaluation is None:
        console.print(" not computed")
    else:
        console.print(
            f" overall {evaluation['overall_score']:.2f}, confidence {evaluation['confidence']}, "
            f"quotes found {evaluation['quotes_in_transcript']:.0%}, values verified {evaluation['verified_share']:.0%}"
        )
        ledger = evaluation["ledger"]
        console.print(
            f" items given {ledger['raw']}: returned {ledger['returned']}, merged {len(ledger['merged'])}, "
            f"set aside {len(ledger['rejected'])}"
        )
        for missed in evaluation["possibly_missed"]:
            console.print(Text(f"   possibly missed, turn {missed['turn']}: “{missed['quote']}”", style="yellow"))
        for sop in evaluation["sop_trace"]:
            met = sum(step["status"] == "satisfied" for step in sop["steps"])
            console.print(f" SOP “{escape(sop['title'])}”: {met} of {len(sop['steps'])} steps met")
            for step in sop["steps"]:
                if step["status"] == "unmet":
                    console.print(Text(f"   unmet: {step['number']}. {step['step']}", style="yellow"))
        for entry in ledger["rejected"]:
            about = _headline(entry["category"], entry["item"]) if entry["item"] else ""
            console.print(f"   set aside as {entry['reason']}: {escape(about)}", style="dim")
    reasons = ", ".join(answer["review"]["reasons"]) or "none needed"
    console.print(f" review {answer['review']['status']} ({escape(reasons)}); model {answer['model']['name']}")

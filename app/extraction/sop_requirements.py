"""What kind of finding a step of a procedure asks for, told from its words."""

import re
from collections.abc import Callable
from typing import Any

from app.language.plain import plain

Findings = dict[str, list[dict[str, Any]]]
_Wanted = Callable[[Findings, str], list[dict[str, Any]]]


def findings_asked_for(step: str, findings: Findings) -> list[dict[str, Any]] | None:
    """The findings of the kinds that the step names; None for a step that names no kind we know.

    An empty list means that the step asks for something of a known kind and the visit has none.
    """
    words = plain(step)
    asked = [wanted(findings, words) for pattern, wanted in _KINDS if pattern.search(words)]
    return [item for items in asked for item in items] if asked else None


def _medicines(*statuses: str) -> _Wanted:
    def wanted(findings: Findings, _step: str) -> list[dict[str, Any]]:
        return [item for item in findings["medication_instructions"] if item["status"] in statuses]

    return wanted


def _all_told(findings: Findings, _step: str) -> list[dict[str, Any]]:
    """What was started or changed, provided that the dose and how often were said of each."""
    medicines = _medicines("start", "change")(findings, _step)
    return medicines if all(item["dosage"] and item["frequency"] for item in medicines) else []


def _tasks(*kinds: str) -> _Wanted:
    def wanted(findings: Findings, _step: str) -> list[dict[str, Any]]:
        return [item for item in findings["clinician_todos"] if item["task_type"] in kinds]

    return wanted


def _tests_of_the_organ(findings: Findings, step: str) -> list[dict[str, Any]]:
    """Tests that answer the same question, whatever they are called: "kidney function" is met by a creatinine."""
    groups = [group for group in _ORGANS if group.search(step)]
    tests = [item for item in findings["clinician_todos"] if item["task_type"] == "test_order"]
    return [item for item in tests if any(group.search(plain(item["description"])) for group in groups)]


def _return_visits(findings: Findings, _step: str) -> list[dict[str, Any]]:
    visits = [item for item in findings["follow_up_tasks"] if item["due"]]
    return visits + [item for item in findings["patient_reminders"] if item["reminder_type"] == "appointment"]


def _safety_net(findings: Findings, _step: str) -> list[dict[str, Any]]:
    return [
        item
        for item in findings["patient_reminders"]
        if item["commitment"] == "conditional" and _CALLS.search(plain(item["description"]))
    ]


def _vitals(findings: Findings, step: str) -> list[dict[str, Any]]:
    return [item for item in findings["vitals"] if plain(item["name"]) in step]


def _allergies(findings: Findings, _step: str) -> list[dict[str, Any]]:
    return findings["allergies"]


_CALLS = re.compile(r"\b(?:call|ring|contact|phone|seek|emergency|come back|go to|999|911|let (?:me|us) know)\b")
_ORGANS = [
    re.compile(pattern)
    for pattern in (
        r"kidney|renal|creatinine|egfr|metabolic panel|urine albumin|microalbumin|urea|u and e",
        r"liver|hepatic|lft|metabolic panel",
        r"lipid|cholesterol",
        r"a1c|hba1c|glucose|blood sugar",
        r"thyroid|tsh",
        r"blood count|cbc|h[ae]moglobin\b(?! a1c)|full blood",
        r"urinalysis|urine (?:test|sample|dip)",
        r"culture|swab",
        r"ecg|ekg|electrocardiogram",
        r"x-?ray|imaging|mri|ct scan|ultrasound",
    )
]
# Which finding meets a step with such words. A step may ask for several kinds; one finding is enough to point to.
_KINDS: list[tuple[re.Pattern[str], _Wanted]] = [
    (re.compile(pattern), wanted)
    for pattern, wanted in (
        (r"\bstop(?:s|ped)?\b(?! taking the)", _medicines("stop")),
        (r"\b(?:start|chang|increas)\w* (?:the )?(?:treatment|dose|medic)", _medicines("start", "change")),
        (r"\b(?:state|give|say) (?:the )?(?:name|drug|medicine|dose)\b", _all_told),
        (r"\bcontinued\b", _medicines("continue")),
        (r"\brefer(?:s|ral|red)?\b", _tasks("referral")),
        (
            r"\b(?:order|check|repeat|send|measure|arrange|test)\b.*"
            r"\b(?:test|panel|function|culture|a1c|hba1c|count|ecg|ekg|scan|x-?ray|imaging)",
            _tests_of_the_organ,
        ),
        (r"\b(?:return|review|follow[- ]up) (?:visit|date|appointment)\b|\bbook\b", _return_visits),
        (
            r"\b(?:when|who|whom|how) to (?:call|contact)\b|\bwarning signs?\b|\bwhat to do if\b|\bsafety[- ]net",
            _safety_net,
        ),
        (
            r"\b(?:record|measure|take|check)\b.*"
            r"\b(?:blood pressure|pulse|heart rate|weight|temperature|saturation)\b",
            _vitals,
        ),
        (r"\ballerg", _allergies),
    )
]

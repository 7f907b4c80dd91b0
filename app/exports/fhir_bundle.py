"""The export for other clinical systems: a FHIR R4B collection of proposals, each with a Provenance that quotes.

A collection and not a transaction: whoever receives it looks and decides, and nothing becomes an order by being posted.
Nobody here knows who the patient is, so that each subject is a name to be filled in by the receiver.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from fhir.resources.R4B.bundle import Bundle

from app.exports import fhir_codes as codes
from app.exports.fhir_codes import Coding, Json
from app.exports.visit import ExportedVisit
from app.extraction.prompt import visible
from app.review.decisions import Item, ReviewedItem

_PATIENT = {"display": "The patient of the visit"}
_CLINICIAN = {"display": "The clinician of the visit"}


def as_bundle(visit: ExportedVisit) -> bytes:
    """JSON bytes, validated against the structure definitions of R4B; facts (problems, vitals) are not requests."""
    entries: list[Json] = []
    for item in visit.kept:
        build = _BUILDERS.get(item.category)
        if build is None:
            continue
        request = build(item.values) | {"id": item.id, "meta": _meta(item, visit)}
        entries += [_entry(request), _entry(_provenance(item, request["resourceType"], visit))]
    bundle = {
        "resourceType": "Bundle",
        "id": str(visit.run.id),
        "meta": {"tag": [_review_tag(visit).as_fhir()]},
        "type": "collection",
        "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
        "entry": entries or None,
    }
    return bytes(Bundle.model_validate(_as_fhir(bundle)).model_dump_json(), "utf-8")


def _task(item: Item) -> Json:
    by_patient = item["assigned_to"] == "patient"
    return {
        "resourceType": "Task",
        "status": "draft",
        "intent": "proposal",
        "code": codes.TASKS["follow_up"].as_concept(),
        "description": item["description"],
        "reasonCode": _text(item["reason"]),
        "priority": codes.PRIORITY[item["priority"]],
        "for": _PATIENT,
        "owner": _PATIENT if by_patient else _CLINICIAN,
        "restriction": _until(item),
        "note": _notes(item),
    }


def _medication_request(item: Item) -> Json:
    stopped = item["status"] == "stop"
    how = " ".join(filter(None, (item["dosage"], item["frequency"], item["duration"])))
    dosage = {
        "text": how or None,
        "route": _text(item["route"]),
        "patientInstruction": item["special_instructions"],
    }
    return {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "proposal",
        "doNotPerform": stopped or None,
        "medicationCodeableConcept": _text(item["medication_name"]),
        "subject": _PATIENT,
        "reasonCode": _texts(item["reason"]),
        "dosageInstruction": [dosage] if any(dosage.values()) else None,
        "note": _notes(item, f"status: {item['status']}"),
    }


def _reminder(item: Item) -> Json:
    return {
        "resourceType": "CommunicationRequest",
        "status": "draft",
        "category": [codes.REMINDER.as_concept()],
        "priority": codes.PRIORITY[item["priority"]],
        "subject": _PATIENT,
        "recipient": [_PATIENT],
        "payload": [{"contentString": item["description"]}],
        "occurrenceDateTime": item["due_date"],
        "note": _notes(item, f"kind: {item['reminder_type']}"),
    }


def _to_do(item: Item) -> Json:
    if item["task_type"] in codes.SERVICES:
        return _service_request(item)
    return {
        "resourceType": "Task",
        "status": "draft",
        "intent": "proposal",
        "code": codes.TASKS[item["task_type"]].as_concept(),
        "description": item["description"],
        "reasonCode": _text(item["reason"]),
        "priority": codes.PRIORITY[item["priority"]],
        "for": _PATIENT,
        "owner": _CLINICIAN,
        "restriction": _until(item),
        "note": _notes(item),
    }


def _service_request(item: Item) -> Json:
    return {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "category": [codes.SERVICES[item["task_type"]].as_concept()],
        "code": _text(item["description"]),
        "priority": codes.PRIORITY[item["priority"]],
        "subject": _PATIENT,
        "occurrenceDateTime": item["due_date"],
        "reasonCode": _texts(item["reason"]),
        "note": _notes(item),
    }


_BUILDERS: dict[str, Callable[[Item], Json]] = {
    "follow_up_tasks": _task,
    "medication_instructions": _medication_request,
    "patient_reminders": _reminder,
    "clinician_todos": _to_do,
}


def _provenance(item: ReviewedItem, kind: str, visit: ExportedVisit) -> Json:
    """Who made and who checked it, and the words that it rests on, each at its place in the transcript (RFC 5147)."""
    transcript = f"urn:uuid:{visit.run.transcript_id}"
    return {
        "resourceType": "Provenance",
        "id": str(uuid5(UUID(item.id), "provenance")),
        "meta": _meta(item, visit),
        "target": [{"reference": f"urn:uuid:{item.id}", "type": kind}],
        "recorded": visit.reviewed_at or visit.run.created_at.isoformat(),
        "agent": _agents(item, visit),
        "entity": [{"role": "quotation", "what": _quoted(quote, transcript)} for quote in item.values["evidence"]],
    }


def _quoted(quote: Json, transcript: str) -> Json:
    place = f"{transcript}#char={quote['start']},{quote['end']}"
    return {"identifier": {"system": "urn:ietf:rfc:3986", "value": place}, "display": quote["quote"]}


def _agents(item: ReviewedItem, visit: ExportedVisit) -> list[Json]:
    model = visit.run.model or {}
    software = {"display": f"medextract, {model.get('provider')} {model.get('name')}"}
    agents = [_agent(codes.ASSEMBLER, software)]
    decision = visit.last_decision(item)
    if decision and (item.origin == "person" or item.state == "edited"):
        agents.append(_agent(codes.AUTHOR, {"display": decision["actor"]}))
    if visit.signed:
        agents.append(_agent(codes.VERIFIER, {"display": visit.reviewer or "unknown"}))
    return agents


def _agent(kind: Coding, who: Json) -> Json:
    return {"type": kind.as_concept(), "who": who}


def _meta(item: ReviewedItem, visit: ExportedVisit) -> Json:
    """What software asserted stays marked as that; a signature adds the clinician beside it."""
    asserted = [codes.AI_ASSERTED] if item.origin == "model" else []
    asserted += [codes.CLINICIAN_ASSERTED] if visit.signed or item.origin == "person" else []
    return {"security": [label.as_fhir() for label in asserted], "tag": [_review_tag(visit).as_fhir()]}


def _review_tag(visit: ExportedVisit) -> Coding:
    return codes.SIGNED if visit.signed else codes.UNSIGNED


def _entry(resource: Json) -> Json:
    return {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}


def _text(words: str | None) -> Json | None:
    return {"text": words} if words else None


def _texts(words: str | None) -> list[Json] | None:
    return [{"text": words}] if words else None


def _until(item: Item) -> Json | None:
    return {"period": {"end": item["due_date"]}} if item["due_date"] else None


def _notes(item: Item, *more: str) -> list[Json]:
    """What FHIR has no field for."""
    due = f"due: {item['due']}" if item.get("due") else None
    return [{"text": text} for text in (f"commitment: {item['commitment']}", due, *more) if text]


def _as_fhir(value: Any) -> Any:
    """FHIR knows neither null nor emptiness: what is not there is left out; texts without control characters."""
    if isinstance(value, str):
        return visible(value).strip()
    if isinstance(value, list):
        return [_as_fhir(held) for held in value]
    if isinstance(value, dict):
        cleaned = {name: _as_fhir(held) for name, held in value.items()}
        return {name: held for name, held in cleaned.items() if held not in (None, "", [], {})}
    return value

"""What the API's own documentation tells beside its bodies: the problems of a route, and requests to start from."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.models import Example
from fastapi.routing import iter_route_contexts

from app.api.access import GATES, SESSION_COOKIE
from app.errors import Problem

ACCESS = (401, 403, 429)
READ = (*ACCESS, 422, 500, 503)
BODY = (400, 408, 409, 413, 415, *READ)
MODEL = (502, 504)
VERSIONED = (412, 428)

VISIT: dict[str, Example] = {
    "visit": {
        "summary": "A transcript, with what helps to read it",
        "value": {
            "transcript": "Doctor: Take ibuprofen 400 mg twice a day for ten days, and come back in two weeks.\n"
            "Patient: All right, I will.",
            "notes": "Second visit for the knee.",
            "user": {"email": "dr.lee@clinic.example", "name": "Dr Lee"},
            "visit_date": "2026-11-20",
            "custom_categories": [{"name": "billing_codes", "description": "Codes that were named for billing."}],
        },
    }
}
SOP: dict[str, Example] = {
    "sop": {
        "summary": "A procedure with numbered steps",
        "value": {
            "title": "Fever in adults",
            "content": "1. Ask how long it has lasted.\n2. Offer a return visit if it lasts over three days.",
            "category": "infections",
            "priority": "high",
            "user": {"email": "dr.lee@clinic.example"},
        },
    }
}
TEST_CASE: dict[str, Example] = {
    "test_case": {
        "summary": "A transcript with what is right for it",
        "value": {
            "title": "Knee pain",
            "transcript": "Doctor: Take naproxen 500 mg with food.\nPatient: Fine.",
            "expected": {
                "medication_instructions": [
                    {"medication_name": "naproxen", "dosage": "500 mg", "special_instructions": "with food"}
                ]
            },
        },
    }
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses` for problems of those statuses."""
    # By reference, since FastAPI would show a model as application/json; stored runs bring the schema in.
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
    return {status: {"description": _titles(status), "content": content} for status in statuses}


def created(id_name: str, *operations: str, model: Any = None) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses` for 201: where what was created is found, and which operations take its id next."""
    where = {"description": "The path of what was created", "schema": {"type": "string", "format": "uri-reference"}}
    known = {id_name: "$response.body#/id"}
    links = {name: {"operationId": name, "parameters": known} for name in operations}
    told = {"headers": {"Location": where}, "links": links}
    return {201: told | ({"model": model} if model else {})}


def _titles(status: int) -> str:
    kinds: list[type[Problem]] = [Problem, *Problem.__subclasses__()]
    return ", ".join(kind.title for kind in kinds if kind.status == status)


def tell_security(app: FastAPI, is_asked: bool) -> None:
    """The document names the credentials, and where the service asks for them (not with AUTH=disabled) the routes."""
    make = app.openapi

    def with_security() -> dict[str, Any]:
        document = make()
        document["components"]["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "An API key, or an OpenID Connect token."},
            "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE, "description": "Of the pages."},
        }
        for route in iter_route_contexts(app.routes) if is_asked else ():
            for operation in _operations(document, route):
                operation["security"] = [{"key": []}, {"session": []}]
        return document

    app.openapi = with_security  # type: ignore[method-assign]


def _operations(document: dict[str, Any], route: Any) -> list[dict[str, Any]]:
    """Those of a route with a gate before it."""
    dependant = getattr(getattr(route, "original_route", route), "dependant", None)
    if dependant is None or not any(dependency.call in GATES for dependency in dependant.dependencies):
        return []
    return [document["paths"][route.path][method.lower()] for method in route.methods]

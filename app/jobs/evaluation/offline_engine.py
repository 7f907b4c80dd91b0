"""Runs the offline rules over one visit without the service, for the quick loop of whoever writes rules."""

from uuid import UUID

import orjson

from app.db.users import Clinician
from app.extraction.answer import read_answer
from app.extraction.findings_check import check_findings
from app.extraction.second_reader import read_again
from app.extraction.visit import Visit
from app.jobs.evaluation.labelled import Answer


def answer_offline(transcript: str) -> Answer:
    """The rules' findings in API shape, read, set aside and checked as the service does it."""
    visit = Visit(transcript, Clinician(UUID(int=0)))
    raw = read_again(visit.text, visit.turns)
    return {"summary": raw["summary"], **check_findings(visit, read_answer(orjson.dumps(raw).decode(), frozenset()))}

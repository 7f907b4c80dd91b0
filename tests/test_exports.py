"""What leaves the service: nothing unsigned unless asked for, and each form as its readers need it."""

import csv
import io
import re
import subprocess
import sys
import uuid
from typing import Any

import docx
import httpx
import pytest
from fhir.resources.R4B.bundle import Bundle

from app.exports import fhir_codes
from app.exports.table import guarded
from tests.conftest import OpenService, Service
from tests.reviews import TRANSCRIPT, Reviewer, chosen, problem, reviewer, visit_answer
from tests.scripted_provider import ScriptedProvider, answer, failure, follow_up, medication, todo
from tests.test_audit import told

FORMATS = ("json", "csv", "docx", "fhir")
# Like TRANSCRIPT, but another visit.
LATER = TRANSCRIPT.replace("ibuprofen", "paracetamol").replace("knee", "other knee, the left one this time") + (
    "Patient: And my back is sore as well, since Monday."
)
REMINDER = {"reminder_type": "other", "description": "Ring if the fever returns", "due": None, "priority": "high"}


async def export(review: Reviewer, form: str, **params: Any) -> httpx.Response:
    return await review.service.client.get(f"{review.path}/export", params={"format": form, **params})


@pytest.fixture
async def service(open_service: OpenService) -> Service:
    opened: Service = await open_service(ScriptedProvider(visit_answer()))
    return opened


@pytest.fixture
async def signed(service: Service) -> Reviewer:
    """A visit with a rejected, an edited and an added finding, signed."""
    review = await reviewer(service, user={"email": f"{uuid.uuid4().hex}@clinic.example", "name": "Dr Lee"})
    words = chosen("ring us if the fever returns")
    await review.decide(
        {"action": "reject", "item_id": review.item("naproxen")["id"]},
        {
            "action": "edit",
            "item_id": review.item("Order a colonoscopy")["id"],
            "after": {"description": "Order an x-ray of the knee"},
            "evidence": chosen("I will order an x-ray of the knee"),
        },
        {"action": "add", "category": "patient_reminders", "evidence": words}
        | {"after": {**REMINDER, "commitment": "conditional"}},
    )
    await review.finish()
    return review


@pytest.mark.parametrize("form", FORMATS)
async def test_nothing_unsigned_leaves_unless_asked_for(service: Service, form: str) -> None:
    review = await reviewer(service)
    assert problem(await export(review, form))[:2] == (409, "conflict")
    assert (await export(review, form, unsigned="true")).status_code == 200
    await service.client.patch(review.path, json={"status": "rejected"})
    assert problem(await export(review, form))[:2] == (409, "conflict")


@pytest.mark.parametrize("form", FORMATS)
async def test_a_file_is_named_after_its_record_alone_and_audited(signed: Reviewer, form: str) -> None:
    response = await export(signed, form)
    assert response.status_code == 200, response.text
    ending = {"fhir": "fhir.json"}.get(form, form)
    assert response.headers["content-disposition"] == f'attachment; filename="visit-{signed.run["id"]}.{ending}"'
    assert response.headers["cache-control"] == "no-store"
    assert ("export", "extractions", "local") in await told(signed.service, signed.run["id"])


async def test_the_document_holds_what_was_signed_and_where_it_comes_from(signed: Reviewer) -> None:
    document = (await export(signed, "json")).json()
    named = [item["medication_name"] for item in document["findings"]["medication_instructions"]]
    assert (named, document["clinician"], document["visit_date"]) == (["ibuprofen"], "Dr Lee", "2026-11-20")
    assert document["review"] | {"signed": True, "status": "approved", "reviewer": "local"} == document["review"]
    ids = {item["id"] for found in document["findings"].values() if isinstance(found, list) for item in found}
    assert set(document["provenance"]) == ids
    decided = {(it["origin"], it["state"], it["decided_by"]) for it in document["provenance"].values()}
    assert decided == {("model", "edited", "local"), ("model", "undecided", None), ("person", "accepted", "local")}
    assert "No clinician" in (await export(await reviewer(signed.service), "json", unsigned="true")).json()["notice"]


async def test_the_table_has_a_row_a_finding(signed: Reviewer) -> None:
    response = await export(signed, "csv")
    assert response.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert response.content.startswith(b"\xef\xbb\xbflist,")
    assert response.content.count(b"\r\n") >= 5
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))
    assert sorted(row["finding"] for row in rows) == [
        *("Come back", "Order an x-ray of the knee", "Ring if the fever returns", "ibuprofen")
    ]
    added = next(row for row in rows if row["origin"] == "person")
    assert (added["list"], added["quotes"], added["turns"]) == (
        "patient_reminders",
        "ring us if the fever returns",
        "3",
    )
    assert {(row["signed"], row["reviewer"]) for row in rows} == {("yes", "local")}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1"])
def test_a_cell_that_would_be_computed_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"


async def test_formulas_in_a_visit_stay_text(open_service: OpenService) -> None:
    evil = '=HYPERLINK("http://evil.example","x")'
    visit = f"Doctor: Take ibuprofen {evil}, and\r\nPatient: fine."
    found = medication("ibuprofen", 1, f"Take ibuprofen {evil}", special_instructions=evil)
    service = await open_service(ScriptedProvider(answer(medication_instructions=[found])))
    review = await reviewer(service, visit)
    content = (await export(review, "csv", unsigned="true")).content.decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(content, newline=""))
    assert row["special_instructions"] == f"'{evil}"
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())


async def letter(review: Reviewer, **params: Any) -> list[tuple[str, str]]:
    """(style, text) of each paragraph."""
    response = await export(review, "docx", **params)
    document = docx.Document(io.BytesIO(response.content))
    assert document.core_properties.title == "After-visit summary"
    return [(paragraph.style.name, paragraph.text) for paragraph in document.paragraphs]


async def test_the_letter_tells_the_patient_in_sections(signed: Reviewer) -> None:
    told = await letter(signed)
    assert [text for style, text in told if style == "Heading 1"] == [
        *("Your medicines", "Appointments and tests", "When to call us", "About this page")
    ]
    texts = [text for _, text in told]
    assert "Start taking ibuprofen\n400 mg, twice a day, for ten days" in texts
    assert "Come back\nWhen: in two weeks (4 December 2026)" in texts
    assert "Your clinic will do this: Order an x-ray of the knee" in texts
    assert any(re.fullmatch(r"Checked for Dr Lee on .* \(signed by: local\)\.", text) for text in texts)
    assert "Your visit on 20 November 2026 with Dr Lee." in texts
    assert "naproxen" not in "".join(texts)


async def test_a_letter_that_nobody_signed_says_so_first(service: Service) -> None:
    told = await letter(await reviewer(service), unsigned="true")
    assert told[1][1] == "Draft: no clinician has checked this yet. Do not act on it."


async def test_a_letter_takes_any_characters_and_an_empty_visit(open_service: OpenService) -> None:
    odd = "Rest \x0b\u202e\U000e0041 well é 🙂"
    service = await open_service(ScriptedProvider(answer(follow_up_tasks=[follow_up(odd, 1, "Rest")]), answer()))
    told = await letter(await reviewer(service, "Doctor: Rest well."), unsigned="true")
    assert "Rest   well é 🙂" in [text for _, text in told]
    empty = await letter(await reviewer(service, "Doctor: Hello there."), unsigned="true")
    assert "Nothing was noted that you have to do." in [text for _, text in empty]


def resources(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry["resource"] for entry in bundle.get("entry", [])]


def codings(value: Any) -> list[dict[str, str]]:
    """Every coding in a document, wherever it stands."""
    if isinstance(value, list):
        return [coding for held in value for coding in codings(held)]
    if not isinstance(value, dict):
        return []
    own = [value] if {"system", "code"} <= set(value) else []
    return own + [coding for held in value.values() for coding in codings(held)]


async def bundle_of(review: Reviewer, **params: Any) -> dict[str, Any]:
    response = await export(review, "fhir", **params)
    assert response.headers["content-type"].startswith("application/fhir+json")
    Bundle.model_validate_json(response.content)
    return dict(response.json())


async def test_the_bundle_holds_proposals_and_their_quotes(signed: Reviewer) -> None:
    bundle = await bundle_of(signed)
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    found = resources(bundle)
    requests = {it["resourceType"]: it for it in found if it["resourceType"] != "Provenance"}
    assert set(requests) == {"Task", "MedicationRequest", "ServiceRequest", "CommunicationRequest"}
    assert {(it["status"], it.get("intent", "proposal")) for it in requests.values()} == {("draft", "proposal")}
    assert requests["Task"]["restriction"]["period"]["end"] == "2026-12-04"
    assert requests["MedicationRequest"]["dosageInstruction"][0]["text"] == "400 mg twice a day ten days"
    assert requests["ServiceRequest"]["code"]["text"] == "Order an x-ray of the knee"
    assert requests["CommunicationRequest"]["payload"] == [{"contentString": "Ring if the fever returns"}]
    proofs = {it["target"][0]["reference"]: it for it in found if it["resourceType"] == "Provenance"}
    assert set(proofs) == {f"urn:uuid:{it['id']}" for it in requests.values()}
    for proof in proofs.values():
        for quoted in proof["entity"]:
            start, end = map(int, re.findall(r"#char=(\d+),(\d+)", quoted["what"]["identifier"]["value"])[0])
            assert TRANSCRIPT[start:end] == quoted["what"]["display"]
            assert signed.run["transcript_id"] in quoted["what"]["identifier"]["value"]
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(urls)) == len(urls)


async def test_every_code_is_one_that_was_checked(signed: Reviewer) -> None:
    known = {tuple(coding.as_fhir().items()) for coding in fhir_codes.ALL}
    used = codings(await bundle_of(signed))
    assert {tuple(coding.items()) for coding in used} <= known
    assert len(used) > 20


async def test_labels_say_who_asserts_what(signed: Reviewer) -> None:
    def labels(bundle: dict[str, Any]) -> set[tuple[str, ...]]:
        return {tuple(label["code"] for label in it["meta"]["security"]) for it in resources(bundle)}

    assert labels(await bundle_of(signed)) == {("AIAST", "CLINAST"), ("CLINAST",)}
    unsigned = await bundle_of(await reviewer(signed.service), unsigned="true")
    assert labels(unsigned) == {("AIAST",)}
    assert [tag["code"] for tag in unsigned["meta"]["tag"]] == ["unsigned"]
    roles = {agent["type"]["coding"][0]["code"] for it in resources(unsigned) for agent in it.get("agent", [])}
    assert roles == {"assembler"}


async def test_an_order_to_stop_and_an_empty_visit(open_service: OpenService) -> None:
    stop = medication("aspirin", 1, "Stop the aspirin", status="stop")
    paper = todo("Write to the insurer", 1, "write to the insurer", task_type="documentation")
    script = answer(medication_instructions=[stop], clinician_todos=[paper]), answer()
    service = await open_service(ScriptedProvider(*script))
    review = await reviewer(service, "Doctor: Stop the aspirin, and I will write to the insurer.")
    kinds = {it["resourceType"]: it for it in resources(await bundle_of(review, unsigned="true"))}
    assert kinds["MedicationRequest"]["doNotPerform"] is True
    assert kinds["Task"]["code"]["coding"][0]["code"] == "documentation"
    assert "entry" not in await bundle_of(await reviewer(service, "Doctor: Hello."), unsigned="true")


@pytest.mark.parametrize("params", [{"format": "xml"}, {"format": "csv", "unsigned": "perhaps"}], ids=str)
async def test_an_unknown_form(signed: Reviewer, params: dict[str, str]) -> None:
    assert (await signed.service.client.get(f"{signed.path}/export", params=params)).status_code == 422
    assert (await signed.service.client.get(f"/extractions/{uuid.uuid4()}/export")).status_code == 404


async def test_a_failed_run_is_not_exported(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(failure(401)))
    await service.client.post("/extract", json={"transcript": TRANSCRIPT})
    run = await service.last_run()
    response = await service.client.get(f"/extractions/{run['id']}/export", params={"unsigned": "true"})
    assert problem(response)[:2] == (409, "conflict")


def test_large_libraries_wait_for_the_first_export() -> None:
    loaded = "import sys, app.main; print(sorted({'fhir', 'docx'} & {name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"


async def test_an_approved_visit_becomes_a_gold_case(signed: Reviewer) -> None:
    client = signed.service.client
    response = await client.post(f"{signed.path}/promote", json={"title": "Knee and fever"})
    assert response.status_code == 201, response.text
    case = response.json()
    assert (case["title"], case["transcript"], case["is_active"]) == ("Knee and fever", TRANSCRIPT, True)
    expected = case["expected"]
    assert [item["medication_name"] for item in expected["medication_instructions"]] == ["ibuprofen"]
    (order,) = expected["clinician_todos"]
    assert (order["description"], order["task_type"]) == ("Order an x-ray of the knee", "test_order")
    assert expected["patient_reminders"][0]["evidence"] == "ring us if the fever returns"
    assert await signed.service.get(f"/test-cases/{case['id']}") == case
    again = await signed.service.extract(LATER)
    assert case["id"] in str(again["evaluation"]["gold"]["standards"])


async def test_only_an_approved_visit_with_something_to_do_becomes_gold(open_service: OpenService) -> None:
    service = await open_service(ScriptedProvider(visit_answer(), answer()))
    for transcript in (TRANSCRIPT, "Doctor: Hello there."):
        review = await reviewer(service, transcript)
        path, body = f"{review.path}/promote", {"title": "Gold"}
        assert problem(await service.client.post(path, json=body))[:2] == (409, "conflict")
    await service.client.patch(review.path, json={"status": "approved"})
    assert problem(await service.client.post(path, json=body))[:2] == (409, "conflict")
    assert (await service.client.post(path, json={})).status_code == 422


async def test_later_visits_see_what_was_signed_not_what_the_model_gave(signed: Reviewer) -> None:
    user = {"email": f"{uuid.uuid4().hex}@clinic.example"}
    first = await reviewer(signed.service, user=user)
    await first.decide(*({"action": "reject", "item_id": one} for one in first.run["review"]["must_decide"]))
    await first.finish()
    later = await signed.service.extract(LATER, user=user)
    assert [visit["transcript_id"] for visit in later["context"]["visits"]] == [first.run["transcript_id"]]
    prompt = signed.service.provider.prompt()
    example = prompt[prompt.index("<example>") : prompt.index("</example>")]
    assert "ibuprofen" in example
    assert "naproxen" not in example
    assert "colonoscopy" not in example

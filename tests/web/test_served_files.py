"""The pages as files: how they are served, and the rules that a machine can check."""

import re
from pathlib import Path

import pytest

from app import samples
from tests.conftest import PROJECT, Service

ASSETS = PROJECT / "app" / "web" / "assets"
OURS = sorted(path for path in ASSETS.rglob("*") if path.suffix in (".js", ".css", ".html", ".svg", ".ts"))


def named(path: Path) -> str:
    return path.relative_to(ASSETS).as_posix()


async def test_the_page_may_talk_to_its_own_service_alone(offline: Service) -> None:
    for path in ("/", "/assets/main.js", "/assets/styles/base.css"):
        response = await offline.client.get(path)
        assert response.status_code == 200
        policy = dict(part.strip().split(" ", 1) for part in response.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert {policy[kind] for kind in ("script-src", "style-src", "connect-src")} == {"'self'"}
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"


async def test_a_file_that_has_not_changed_is_not_sent_again(offline: Service) -> None:
    first = await offline.client.get("/assets/main.js")
    again = await offline.client.get("/assets/main.js", headers={"If-None-Match": first.headers["etag"]})
    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")


async def test_what_is_not_there_is_a_problem(offline: Service) -> None:
    for path in ("/assets/other.js", "/assets/../pages.py", "/assets/%2e%2e/pages.py", "/samples/other"):
        response = await offline.client.get(path)
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"


async def test_the_samples_are_there_to_try(offline: Service) -> None:
    listed = await offline.get("/samples")
    assert listed["visits"][0] == samples.DEMO_VISIT
    assert sorted(listed["visits"]) == samples.visit_names()
    assert listed["sops"] == samples.sops()
    for name in ("line_ends", "accents_and_emoji"):
        response = await offline.client.get(f"/samples/{name}")
        assert response.content.decode() == samples.visit_text(name)


async def test_a_transcript_comes_with_its_turns(offline: Service) -> None:
    answer = await offline.extract("Doctor: Hello 👋\r\nPatient: Good morning.\r\n")
    transcript = await offline.get(f"/transcripts/{answer['transcript_id']}")
    said = [(turn["role"], transcript["text"][turn["start"] : turn["end"]]) for turn in transcript["turns"]]
    assert said == [("clinician", "Hello 👋"), ("patient", "Good morning.")]


@pytest.mark.parametrize("path", OURS, ids=named)
def test_a_file_keeps_the_rules(path: Path) -> None:
    text = path.read_text()
    lines = text.splitlines()
    assert len(lines) < 300
    if path.suffix in (".js", ".ts", ".css"):
        assert text.startswith(("/**", "/*")), "it says at its head what it is for"
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
    assert not re.search(r"""(?:src|href)=["']https?:|from ['"]https?:|url\(['"]?https?:""", text), "another origin"
    assert not re.search(r"""\son\w+=["']|<style|style=["']""", text), "the policy forbids it in the page"
    assert "utils" not in path.stem
    assert "helpers" not in path.stem

"""The benchmark runs: one short round of few requests, which looks at what is measured and written, not at speed."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import orjson
import pytest

from benchmarks.comparison import Field, Measured, Setting, drive, field_of
from benchmarks.goals import goals_table
from benchmarks.growth.run import goals_of, grow, panels, points_table
from benchmarks.load import Load
from benchmarks.plots import plot_comparison, plot_growth
from benchmarks.report import comparison_table, ratio, write_report, written
from benchmarks.single_service import measure_memory, measure_overload, measure_repeats
from benchmarks.stage import FLOOR, SEQUENTIAL, SERVICE, dsn, stage
from benchmarks.visits import sample_number, samples, visit_body
from tests.conftest import PROJECT

# Starting all servers takes a while on a busy machine.
pytestmark = pytest.mark.timeout(300)
SIZES = """
SELECT text, octet_length(request::text) AS request, octet_length(result::text) AS result,
    octet_length(evaluation::text) AS evaluation, octet_length(review::text) AS review,
    octet_length(context::text) AS context, octet_length(usage::text) AS usage,
    (SELECT count(*) FROM embeddings WHERE extraction_id = extractions.id) AS vectors,
    (SELECT count(*) FROM (SELECT record_id FROM audit_pending UNION ALL SELECT record_id FROM audit_events) AS entries
        WHERE record_id = extractions.id) BETWEEN 1 AND 2 AS audited,
    (SELECT sum(octet_length(vector::text)) > 0 FROM embeddings WHERE extraction_id = extractions.id) AS filled
FROM transcripts JOIN extractions ON transcript_id = transcripts.id
WHERE text LIKE '%-00000007, is%' AND state = 'succeeded'
"""


@pytest.fixture(scope="module")
def field(worker_id: str) -> Iterator[Field]:
    """Floor, baseline and service, each driven through all samples with the same words."""
    folder = PROJECT / ".data" / f"bench-test-{worker_id}"
    with stage(folder) as place, field_of(place, [FLOOR, SEQUENTIAL, SERVICE]) as running:
        place.set_latency(chat_s=0.01, embedding_s=0.001)
        yield running
    assert not folder.exists()


def test_all_variants_write_the_same_rows(field: Field) -> None:
    load = Load("", in_flight=2, warm_up_s=0, spread_s=0, requests=len(samples()) + 2, talk_seed=7, with_phases=True)
    for variant in field.variants:
        outcome = field.measure(variant, load)
        assert outcome.errors == {}
        assert outcome.completed >= load.requests
        assert 0 < outcome.p50_ms <= outcome.p95_ms
        assert outcome.tree_bytes >= outcome.main_bytes > 0
        assert "llm_extraction" in outcome.phases_ms
    floor, baseline, service = (_stored(field, variant) for variant in (FLOOR, SEQUENTIAL, SERVICE))
    assert set(floor) == set(baseline) == set(service)
    assert len(service) == len(samples())
    for text, sizes in service.items():
        assert floor[text] == pytest.approx(sizes, rel=0.02, abs=4)
        assert baseline[text] == floor[text]


def _stored(field: Field, variant: str) -> dict[str, list[int]]:
    """Sizes of the newest run of each visit, by its text."""
    rows = asyncio.run(_rows(dsn(field.stage.database(variant))))
    return {row["text"]: [row[name] for name in row.keys() if name != "text"] for row in rows}  # noqa: SIM118


async def _rows(database: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(database)
    try:
        return await connection.fetch(SIZES)
    finally:
        await connection.close()


def test_a_server_that_only_fails_does_not_keep_the_benchmark(field: Field) -> None:
    nothing_made = Load(field.stage.model.url, in_flight=2, warm_up_s=0, spread_s=0, requests=5)
    outcome = drive(nothing_made)
    assert outcome.completed == 0
    assert 5 <= outcome.errors["200"] <= 6


def test_the_floor_answers_as_many_bytes_as_the_service(field: Field) -> None:
    for number in range(len(samples())):
        answers = [_post(field, variant, number) for variant in (FLOOR, SERVICE)]
        assert len(answers[0]) == pytest.approx(len(answers[1]), rel=0.02)
        floor, service = (orjson.loads(answer) for answer in answers)
        assert floor["extraction"]["summary"] == service["extraction"]["summary"]
        assert floor["id"] != service["id"]


def test_the_service_finds_in_the_visits_what_the_model_said(field: Field) -> None:
    """The answers are real ones: nearly all of their items are proved by the visit that was posted."""
    answers = [orjson.loads(_post(field, SERVICE, number)) for number in range(len(samples()))]
    ledgers = [answer["evaluation"]["ledger"] for answer in answers]
    assert sum(len(ledger["rejected"]) for ledger in ledgers) <= 0.2 * sum(ledger["raw"] for ledger in ledgers)


def _post(field: Field, variant: str, number: int) -> bytes:
    url, body = f"{field.server(variant).url}/extract", visit_body(number, talk_seed=number)
    answer = httpx.post(url, content=body, headers={"Content-Type": "application/json"}, trust_env=False, timeout=30)
    assert answer.status_code == 201
    return answer.content


def test_a_comparison_has_medians_ratios_and_a_file(field: Field, tmp_path: Path) -> None:
    measured = field.compare(Setting(2, 0.01, 0.5, rounds=1), [FLOOR, SERVICE], lambda _: None)
    floor, service = measured
    assert ratio(floor, floor, "tree_cpu_ms") in (1.0, None)
    assert isinstance(service, Measured)
    assert comparison_table(measured).row_count == 2
    plot_comparison(measured, tmp_path / "bench.svg")
    assert "requests a second" in (tmp_path / "bench.svg").read_text()
    write_report(tmp_path / "bench.json", comparison=written(measured))
    report = orjson.loads((tmp_path / "bench.json").read_bytes())
    assert [row["variant"] for row in report["comparison"]] == [FLOOR, SERVICE]
    assert report["machine"]["cores"] > 0
    assert all(words > 300 for words in report["visits"].values())


def test_goals_of_the_service_alone_are_measured(field: Field) -> None:
    def told(_what: str) -> None: ...

    repeats = measure_repeats(field, told)
    memory = measure_memory(field, 6, 12, told)
    refusals, others = measure_overload(field, 0.5, told, in_flight=2)
    for goal in (repeats, memory, refusals):
        assert goal.measured > 0
        assert goal.reached == (goal.measured <= goal.limit)
    assert others.measured == 0
    assert goals_table([repeats, memory, refusals, others]).row_count == 4


def test_growth_fills_measures_and_finds_every_near_visit(field: Field, tmp_path: Path) -> None:
    found = asyncio.run(grow(field, most=300, requests=6))
    assert [(point.visits, point.own) for point in found.others] == [(300, 200)]
    assert [(point.visits, point.own) for point in found.own] == [(350, 50)]
    assert {point.recall for point in [*found.others, *found.own]} == {1.0}
    assert [goal.reached for goal in goals_of(found)] == [True, True, True]
    assert found.walls > 0
    assert points_table("others", found.others).row_count == 1
    plot_growth(panels(found), tmp_path / "growth.svg")
    assert "visit_search" in (tmp_path / "growth.svg").read_text()


def test_no_two_visits_are_alike_unless_asked_for() -> None:
    bodies = [visit_body(number) for number in range(1000)]
    assert len(set(bodies)) == 1000
    assert visit_body(12, talk_seed=5) == visit_body(12 + 600, talk_seed=5)
    assert [sample_number(body) for body in bodies[:14]] == [*range(12), 0, 1]

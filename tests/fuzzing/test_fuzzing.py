"""A short run of what `make fuzz` does at length."""

from tests.conftest import Service, serving
from tests.fuzzing.schemathesis_run import fuzz


async def test_what_the_document_describes_holds(offline: Service) -> None:
    async with serving(offline.app) as url:
        run = await fuzz(url, 1, "--phases", "examples,fuzzing", "--max-examples", "3")
    assert run.cases > 30, run.printed
    assert run.failures == 0, run.printed

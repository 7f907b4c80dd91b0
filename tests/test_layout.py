"""The rules of the code's layout that a machine can check: imports, docstrings, lengths and names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT

APP = sorted((PROJECT / "app").rglob("*.py"))
OURS = sorted(
    [*APP, *(file for folder in ("benchmarks", "tests", "migrations") for file in (PROJECT / folder).rglob("*.py"))]
)
# From the outside in; a module may import from its own layer and those below.
LAYERS = (
    {
        *("cli", "access_commands", "erasure_commands", "key_work", "terminal", "console"),
        *("demo", "serving", "workers", "no_http", "in_process", "jobs"),
    },
    {"main"},
    {"api", "web", "documents"},
    {"parts"},
    {"exports"},
    {"access"},
    {"review"},
    {"extraction"},
    {"llm", "db"},
    {"language", "findings"},
    {"metrics", "logs", "settings"},
    {"timings"},
    {"errors", "samples", "computing", "__init__"},
)
# Read by rules and by people of any layer: the words and shapes that all share.
FORBIDDEN = {
    "app/language": {"extraction", "api", "db", "jobs", "llm"},
    "app/llm": {"extraction", "api", "db", "jobs"},
    "app/db": {"extraction", "api", "llm", "jobs"},
    "app/extraction": {"api", "jobs"},
    "app/api": {"jobs"},
}
MOST_LINES, MOST_FUNCTION_LINES = 300, 60
SHAPELESS = re.compile(r"(?:^|_)(?:utils?|helpers?|common|managers?|services?|misc)$")


def named(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def imported(path: Path) -> Iterator[str]:
    """The parts of `app` that a module imports, wherever in it."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom) and node.module == "app":
            yield from (alias.name for alias in node.names if alias.name != "__version__")
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app."):
            yield str(node.module).split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("app."))


def layer_of(part: str) -> int:
    found = [depth for depth, parts in enumerate(LAYERS) if part in parts]
    assert len(found) == 1, f"{part} is in no layer: say in this file where it belongs"
    return found[0]


@pytest.mark.parametrize("path", APP, ids=named)
def test_imports_point_one_way(path: Path) -> None:
    part = path.relative_to(PROJECT / "app").parts[0].removesuffix(".py")
    for other in imported(path):
        assert layer_of(other) >= layer_of(part), f"{named(path)} imports app.{other}"
    for folder, others in FORBIDDEN.items():
        if named(path).startswith(folder + "/"):
            assert not others & set(imported(path))


@pytest.mark.parametrize("path", [path for path in APP if "llm/offline" in path.as_posix()], ids=named)
def test_the_offline_provider_knows_nothing_of_the_service(path: Path) -> None:
    assert set(imported(path)) <= {"llm", "language", "findings", "computing"}


def test_the_rules_engine_can_be_told_from_its_imports() -> None:
    """The check above sees what it must see."""
    assert "extraction" in set(imported(PROJECT / "app/main.py"))
    assert layer_of("api") < layer_of("extraction") < layer_of("db") < layer_of("language") < layer_of("errors")


@pytest.mark.parametrize("path", OURS, ids=named)
def test_a_file_says_in_one_sentence_what_it_is_for(path: Path) -> None:
    docstring = ast.get_docstring(parsed(path))
    assert docstring
    first = docstring.split("\n\n")[0]
    assert first.endswith(".")
    assert not re.search(r"\.\s+[A-Z]", first.replace("e.g. ", "")), "more than one sentence"


@pytest.mark.parametrize("path", OURS, ids=named)
def test_files_and_functions_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) < MOST_LINES
    if "versions" in path.parts:
        return
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < MOST_FUNCTION_LINES, node.name


@pytest.mark.parametrize("path", APP, ids=named)
def test_names_say_something(path: Path) -> None:
    assert not SHAPELESS.search(path.stem)
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ClassDef):
            assert not re.search(r"(?:Util|Helper|Common|Manager|Misc)s?$", node.name)


@pytest.mark.parametrize("path", APP, ids=named)
def test_nothing_reads_the_environment_but_the_settings(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("environ", "getenv")


@pytest.mark.parametrize("path", APP, ids=named)
def test_openai_and_its_transport_are_known_to_two_modules(path: Path) -> None:
    if named(path) in ("app/llm/client.py", "app/llm/network.py"):
        return
    for node in ast.walk(parsed(path)):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not any(module.split(".")[0] in ("openai", "httpx2") for module in modules)


@pytest.mark.parametrize("path", [path for path in APP if named(path) != "app/db/engine.py"], ids=named)
def test_only_the_engine_opens_or_commits_a_session(path: Path) -> None:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            assert called not in ("AsyncConnection", "async_sessionmaker", "commit", "rollback")


@pytest.mark.parametrize("path", OURS, ids=named)
def test_nothing_is_left_open(path: Path) -> None:
    marks = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]))
    assert not marks.search(path.read_text())

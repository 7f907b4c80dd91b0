"""The table of faults in the documentation names tests that exist."""

import ast
import re

import pytest

from tests.conftest import PROJECT

NAMED = re.findall(r"`(test_\w+\.py)::(\w+)`", (PROJECT / "docs" / "faults.md").read_text())


def test_the_table_names_tests() -> None:
    assert len(NAMED) > 50


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED)), ids="::".join)
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    tree = ast.parse((PROJECT / "tests" / file).read_text())
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}

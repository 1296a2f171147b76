"""What the pages name is there: files, tests, error classes, features."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from storagedriver.contract import ERRORS, FEATURES, StorageDriver
from storagedriver.drivers.filesystem import FilesystemDriver
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.ipc.serving import told_features

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = sorted((CHECKOUT / "docs").glob("*.md"))
CONTRACT = (CHECKOUT / "docs" / "contract.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_exists(page: Path) -> None:
    for name in re.findall(r"`((?:[a-z_]+/)+[A-Za-z_]+\.[a-z]+)`", page.read_text("utf-8")):
        assert (CHECKOUT / name).exists(), name


def test_every_test_that_is_named_exists() -> None:
    faults = (CHECKOUT / "docs" / "faults.md").read_text(encoding="utf-8")
    named = re.findall(r"`([^`\s]+\.py)::([^`]+)`", faults)
    assert len(named) == faults.count(".py::")
    for file, test in named:
        assert test in set(names_of_tests(CHECKOUT / "tests" / file)), f"{file}::{test}"


def test_every_error_is_in_the_table_with_its_code_and_fields() -> None:
    for error in ERRORS:
        row = f"| `{error.__name__}` | `{error.code}` | {', '.join(error.field_names)}"
        assert row.rstrip() in CONTRACT, error.__name__


def test_every_feature_is_in_the_table_with_the_drivers_that_have_it() -> None:
    section = CONTRACT[CONTRACT.index("## Features") : CONTRACT.index("## Edge cases")]
    rows = [
        [cell.strip(" `") for cell in row.split("|")[1:-1]]
        for row in re.findall(r"^\| `.*", section, re.MULTILINE)
    ]
    assert {row[0] for row in rows} == FEATURES
    # As programs, which is what `serve` makes of them.
    for column, driver in ((2, FilesystemDriver), (3, InMemoryDriver)):
        told = {row[0] for row in rows if row[column] == "yes"}
        assert told == told_features(driver.features), driver.name


def test_every_operation_has_a_section() -> None:
    operations = {name for name in vars(StorageDriver) if not name.startswith("_")}
    described = set(re.findall(r"^### ([a-z_]+)\(", CONTRACT, re.MULTILINE))
    assert described == operations - {"name", "features"}


def test_every_edge_case_of_the_suite_is_in_the_table() -> None:
    suite = (CHECKOUT / "docs" / "suite.md").read_text(encoding="utf-8")
    cases = re.findall(r"^\| edge (\d+) \|", suite, re.MULTILINE)
    assert re.findall(r"^\| (\d+) \|", CONTRACT, re.MULTILINE) == cases
    assert cases


def names_of_tests(path: Path) -> Iterator[str]:
    """All tests in a file, those of a class with its name in front."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            yield node.name
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    yield f"{node.name}::{inner.name}"

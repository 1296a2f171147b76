"""What the README says is so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def readme(checkout: Path) -> str:
    return (checkout / "README.md").read_text(encoding="utf-8")


def block(readme: str, language: str) -> str:
    match = re.search(rf"^```{language}\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    assert match is not None
    return match[1]


def test_the_example_prints_what_the_readme_says(readme: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", block(readme, "python")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == (block(readme, "text"), "")


def test_every_link_leads_somewhere(readme: str, checkout: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", readme):
        assert (checkout / target).is_file(), target


def test_every_file_and_folder_that_is_named_exists(readme: str, checkout: Path) -> None:
    # What is in build/ a command makes, and a fresh checkout has none of it.
    for name in re.findall(r"`((?!build/)(?:[a-z_]+/)+[A-Za-z_.]*)`", readme):
        assert (checkout / name).exists(), name


def test_every_folder_of_the_project_is_named(readme: str, checkout: Path) -> None:
    made_by_tools = re.compile(r"\..*|build|dist|__pycache__|.*\.egg-info")
    for path in checkout.iterdir():
        if path.is_dir() and not made_by_tools.fullmatch(path.name):
            assert f"| `{path.name}/` |" in readme

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from storagedriver.cli import demo

if TYPE_CHECKING:
    from tests.cli.conftest import Command


def test_the_demonstration_tells_what_it_measured_and_leaves_nothing(
    storagedriver: Command,
) -> None:
    answer = storagedriver("demo", "--json")
    assert (answer.status, answer.stderr) == (0, "")
    (told,) = answer.objects
    assert isinstance(told["size"], int)
    assert told["size"] >= 100_000_000
    assert isinstance(told["cases"], int)
    assert told["cases"] > 100
    assert str(told["digest"]).startswith("sha256:")
    assert os.listdir(tempfile.gettempdir()) == []


def test_the_demonstration_for_people_is_four_lines(
    storagedriver: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "small").write_bytes(b"x" * 100_000)

    def small_archive(target: Path, sources: object) -> object:
        return write_archive(target, [tmp_path / "small"], minimum_bytes=100_000)

    from storagedriver.cli.environment_archive import write_archive

    monkeypatch.setattr(demo, "write_archive", small_archive)
    answer = storagedriver("demo")
    assert [line.split(":")[0] for line in answer.stdout.splitlines()] == [
        "Checked",
        "Packed",
        "Stored",
        "Fetched",
    ]

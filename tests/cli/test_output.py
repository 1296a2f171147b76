from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storagedriver.cli.output import amount, info_as_json, info_as_line
from storagedriver.contract import FileInfoFields

TIME = datetime(2026, 1, 2, 3, 4, 5, 678, UTC)


def test_a_file_as_json_has_the_time_in_iso_8601() -> None:
    assert info_as_json(FileInfoFields("/a", 7, TIME, is_dir=False)) == {
        "path": "/a",
        "size": 7,
        "mod_time": "2026-01-02T03:04:05.000678+00:00",
        "is_dir": False,
    }


def test_a_directory_as_json_has_no_time() -> None:
    assert info_as_json(FileInfoFields("/", 0, None, is_dir=True))["mod_time"] is None


def test_a_file_as_a_line() -> None:
    line = info_as_line(FileInfoFields("/a", 7, TIME, is_dir=False))
    assert line.split() == ["7", "2026-01-02T03:04:05.000678+00:00", "/a"]


@pytest.mark.parametrize(("path", "shown"), [("/a", "/a/"), ("/", "/")])
def test_a_directory_as_a_line_ends_in_a_slash(path: str, shown: str) -> None:
    line = info_as_line(FileInfoFields(path, 0, None, is_dir=True))
    assert line.split() == ["-", "-", shown]


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (123_456_789, "123.5 MB"),
        (2_500_000_000, "2.50 GB"),
        (5e12, "5000.00 GB"),
    ],
)
def test_amounts_for_people(size_bytes: float, text: str) -> None:
    assert amount(size_bytes) == text

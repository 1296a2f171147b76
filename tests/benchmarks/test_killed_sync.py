"""The benchmark as a whole, in a small form."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from storagedriver.benchmarks.killed_sync import main
from storagedriver.benchmarks.killed_sync_outcome import PIECE_BYTES

OBJECTS = 300
LARGE_BYTES = 64 << 20
JOBS = 2


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "place"
    place.mkdir()
    return place


def test_a_sync_that_was_killed_three_times_sends_next_to_nothing_again(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    amounts = ("--objects", str(OBJECTS), "--large", "64MiB", "--kills", "3", "--seed", "1")
    way = ("--jobs", str(JOBS), "--rounds", "1", "--directory", str(place), "--json", "-")
    assert main([*amounts, *way]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["verify"]["same"] == OBJECTS + 1
    assert len(told["killed"]) == 3
    for kill in told["killed"]:
        assert kill["sent_again_bytes"] == 0
        assert kill["lost_bytes"] <= JOBS * PIECE_BYTES
    # What was there was not sent, and the large object went on in its middle.
    large_bytes = [kill["large_bytes"] for kill in told["killed"]]
    assert large_bytes == sorted(large_bytes)
    assert told["last_sync"]["bytes"] == told["missing_bytes"]
    assert told["last_sync"]["bytes_sent_again"] == 0
    # One that is all there may have been published by then, or not.
    continued_bytes = told["last_sync"]["bytes_continued"]
    assert continued_bytes == large_bytes[-1] or large_bytes[-1] == LARGE_BYTES
    assert told["idle_sync"]["skipped"] == OBJECTS + 1
    assert {speed["part"] for speed in told["speeds"]} == {"objects", "large"}
    assert os.listdir(place) == []


def test_what_a_command_says_of_its_failure_is_told(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = place / "programs"
    programs.mkdir()
    program = programs / "storagedriver"
    program.write_text("#!/bin/sh\necho no, thanks >&2\nexit 7\n")
    program.chmod(0o755)

    def found(name: str) -> str:
        return str(programs / name)

    monkeypatch.setattr("storagedriver.benchmarks.killed_sync_run.find", found)
    assert main(["--objects", "1", "--large", "1", "--directory", str(place)]) == 1
    assert capsys.readouterr().err.endswith(" ended with 7: no, thanks\n")
    assert os.listdir(place) == ["programs"]


def test_a_disk_that_is_too_small_is_not_begun_with(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--large", "999999999GiB", "--directory", str(place)]) == 1
    assert "has no room" in capsys.readouterr().err
    assert os.listdir(place) == []


@pytest.mark.parametrize("size", ["", "x", "-1", "1GB", "1 GiB"])
def test_a_size_that_is_none_is_wrong_usage(size: str) -> None:
    with pytest.raises(SystemExit):
        main([f"--large={size}"])

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from storagedriver.benchmarks import rounds
from storagedriver.benchmarks.rounds import WORKS
from storagedriver.benchmarks.starting import START

if TYPE_CHECKING:
    from storagedriver.benchmarks.report import Report
    from tests.cli.conftest import Answer, Command

PEERS = [
    "raw sockets",
    "raw pyzmq",
    "mp connection",
    "mp manager",
    "Pyro5",
    "rpyc",
    "grpcio",
    "HTTP",
]
QUICK = ("--size", "quick")
NO_MATPLOTLIB = "matplotlib, of the extra bench, is not installed"
NORMAL_OBJECTS = ("objects: 10,000", "objects: 100,000", "objects: 1,000,000")
ITEMS = [
    item.name for work in WORKS for item in work.items if not item.name.endswith(NORMAL_OBJECTS)
]


@pytest.fixture
def _only_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "WORKS", (START,))


def told(answer: Answer) -> dict[str, Any]:
    assert answer.status == 0, answer.stderr
    parsed: dict[str, Any] = json.loads(answer.stdout)
    return parsed


def test_a_quick_run_has_a_figure_of_every_item_for_both_ways(storagedriver: Command) -> None:
    report = told(storagedriver("bench", "filesystem", *QUICK, "--json", "-"))
    assert [item["name"] for item in report["items"]] == ITEMS
    for item in report["items"]:
        of_a_child = item["name"].endswith(" of the driver")
        assert (item["figures"]["in-process"] is None) == of_a_child, item
        # What was freed before may serve again, so that no memory is added.
        assert item["figures"]["IPC"]["median"] > 0 or "over idle" in item["name"], item
        has_ratio = item["figures"]["in-process"] and item["figures"]["in-process"]["median"]
        assert (item["ratios"]["in-process"]["IPC"] is not None) == bool(has_ratio), item
    assert os.listdir(tempfile.gettempdir()) == []


def test_a_quick_run_with_peers_has_a_figure_of_every_item_for_each(
    storagedriver: Command,
) -> None:
    options = (*QUICK, "--rounds", "1", "--peers", "--json", "-")
    report = told(storagedriver("bench", "inmemory", *options))
    peers: list[str] = report["subjects"][2:]
    assert report["subjects"][:2] == ["in-process", "IPC"]
    assert [name for name in peers if name != "go-plugin"] == PEERS
    assert report["baselines"] == ["raw sockets", "raw pyzmq"]
    for_drivers = {work.name for work in WORKS if work.is_for_drivers}
    for item in report["items"]:
        assert list(item["ratios"]) == report["baselines"]
        for name in ["IPC", *(peers if item["work"] not in for_drivers else [])]:
            # The two that go-plugin, whose start is none of Python's, is not held against.
            without_go = "bare interpreter" in item["name"] and name == "go-plugin"
            assert (item["figures"][name] is None) == without_go, (item["name"], name)
    assert os.listdir(tempfile.gettempdir()) == []


@pytest.mark.usefixtures("_only_starts")
def test_a_peer_that_is_missing_is_named_and_the_others_are_measured(
    storagedriver: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(name: str, path: str | None = None) -> None:
        return None

    monkeypatch.setattr("shutil.which", nowhere)
    answer = storagedriver(
        "bench", "inmemory", "--in-process", *QUICK, "--rounds", "1", "--peers", "--json", "-"
    )
    assert told(answer)["subjects"] == ["in-process", *PEERS]
    assert answer.stderr == (
        "not measured: go-plugin needs Go, which is not installed: https://go.dev/dl\n"
    )


@pytest.mark.usefixtures("_only_starts")
def test_the_table_shows_the_ways_and_the_conditions(storagedriver: Command) -> None:
    answer = storagedriver("bench", "inmemory", *QUICK, "--rounds", "1", "--seed", "7")
    assert (answer.status, answer.stderr) == (0, "")
    assert "IPC / in-process" in answer.stdout
    assert "start to first answer" in answer.stdout
    assert "inmemory: size quick, 1 rounds, seed 7." in answer.stdout.splitlines()


@pytest.mark.usefixtures("_only_starts")
def test_one_way_can_be_enough(storagedriver: Command) -> None:
    report = told(storagedriver("bench", "inmemory", *QUICK, "--in-process", "--json", "-"))
    assert report["subjects"] == ["in-process"]


@pytest.mark.usefixtures("_only_starts")
def test_a_driver_that_is_a_program_only_is_measured_as_one(
    storagedriver: Command, drivers_directory: Path
) -> None:
    answer = storagedriver(
        "bench", "dictionary", "--drivers-directory", drivers_directory, *QUICK, "--json", "-"
    )
    assert told(answer)["subjects"] == ["IPC"]
    assert answer.stderr == "dictionary in-process: not available in this process\n"


@pytest.mark.usefixtures("_only_starts")
def test_a_program_only_that_lacks_a_store_gets_a_temporary_one(
    storagedriver: Command, tmp_path: Path
) -> None:
    program = tmp_path / "registry-storage-copied"
    module = "storagedriver.drivers.executables.filesystem"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m {module} "$@"\n')
    program.chmod(0o755)
    answer = storagedriver(
        "bench", "copied", "--drivers-directory", tmp_path, *QUICK, "--json", "-"
    )
    assert told(answer)["subjects"] == ["IPC"]
    first, second = answer.stderr.splitlines()
    assert first == "copied in-process: not available in this process"
    assert second.startswith("copied over IPC: in the temporary directory ")


def test_what_else_a_driver_lacks_is_said(storagedriver: Command) -> None:
    answer = storagedriver("bench", "misbehaving", *QUICK)
    assert answer.status == 1
    assert "InvalidParameters: Invalid parameter 'script' of misbehaving: " in answer.stderr


@pytest.mark.usefixtures("_only_starts")
def test_files_are_written_beside_the_table(storagedriver: Command, tmp_path: Path) -> None:
    files = tmp_path / "report.json", tmp_path / "report.md"
    answer = storagedriver("bench", "inmemory", *QUICK, "--json", files[0], "--markdown", files[1])
    assert (answer.status, answer.stderr) == (0, "")
    assert "start to first answer" in answer.stdout
    assert json.loads(files[0].read_text())["title"] == "inmemory"
    assert "| start to first answer | ms |" in files[1].read_text()


@pytest.mark.usefixtures("_only_starts")
def test_other_parameters_do_not_keep_a_driver_from_a_temporary_directory(
    storagedriver: Command,
) -> None:
    answer = storagedriver("bench", "filesystem", "-p", "durability=none", *QUICK, "--json", "-")
    assert told(answer)["subjects"] == ["in-process", "IPC"]
    assert "in the temporary directory" in answer.stderr


@pytest.mark.usefixtures("_only_starts")
def test_a_store_in_use_is_left_as_it_was(filesystem: Command, store: Path) -> None:
    store.mkdir()
    (store / "precious").write_bytes(b"content")
    told(filesystem("bench", *QUICK, "--json", "-"))
    assert [path.name for path in store.iterdir() if not path.name.startswith(".")] == ["precious"]


def test_a_driver_that_is_nowhere_is_status_69(storagedriver: Command) -> None:
    assert storagedriver("bench", "nowhere", *QUICK).status == 69


def test_without_matplotlib_a_picture_is_refused_before_anything_runs(
    storagedriver: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delitem(sys.modules, "storagedriver.benchmarks.plot", raising=False)
    for name in [name for name in sys.modules if name.startswith("matplotlib")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    answer = storagedriver("bench", "inmemory", "--plot", tmp_path / "picture.png")
    assert (answer.status, answer.stdout) == (1, "")
    assert answer.stderr == (
        "storagedriver: --plot needs matplotlib: pip install 'storagedriver[bench]'\n"
    )


@pytest.mark.usefixtures("_only_starts")
def test_a_picture_is_drawn_when_it_is_asked_for(
    storagedriver: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plot = pytest.importorskip("storagedriver.benchmarks.plot", reason=NO_MATPLOTLIB)
    drawn: list[tuple[str, Path]] = []

    def draw(report: Report, target: Path) -> None:
        drawn.append((report.title, target))

    monkeypatch.setattr(plot, "draw", draw)
    target = tmp_path / "picture.svg"
    answer = storagedriver("bench", "inmemory", *QUICK, "--plot", target)
    assert (answer.status, answer.stderr) == (0, "")
    assert drawn == [("inmemory", target)]


def test_a_picture_of_another_kind_is_wrong_usage(storagedriver: Command, tmp_path: Path) -> None:
    pytest.importorskip("storagedriver.benchmarks.plot", reason=NO_MATPLOTLIB)
    answer = storagedriver("bench", "inmemory", "--plot", tmp_path / "picture.txt")
    assert answer.status == 2
    assert ".png or .svg" in answer.stderr

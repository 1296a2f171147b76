"""How fast the drivers in all languages are, side by side in one run; it goes to the matrix."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from storagedriver.benchmarks.calls import GET
from storagedriver.benchmarks.driver_subject import DriverSubject
from storagedriver.benchmarks.report import Report
from storagedriver.benchmarks.rounds import run_benchmark
from storagedriver.benchmarks.rows import conditions, number
from storagedriver.benchmarks.streams import STREAMS
from storagedriver.drivers.factory import launch
from storagedriver.ipc import IPCStorageDriver
from tests.languages.languages import LANGUAGES, Builds
from tests.languages.matrix import Matrix, table

ITEMS = {
    "get 4 KiB, p50": "get of 4 KiB, p50, us",
    "read stream": "read, MB/s",
    "write stream": "write, MB/s",
}

ROUNDS = 3


@pytest.mark.full
@pytest.mark.parametrize("kind", ["inmemory", "filesystem"])
def test_all_are_measured_side_by_side(
    kind: str, builds: Builds, matrix: Matrix, tmp_path: Path
) -> None:
    # The one in Python is first: the others are compared with it.
    folders: dict[str, str | None] = {kind: None}
    for language in LANGUAGES:
        folders[f"{language.name}-{kind}"] = str(builds.of(language).programs)
    subjects = [
        DriverSubject(name, opening(name, folder, tmp_path / name))
        for name, folder in folders.items()
    ]
    report = run_benchmark(subjects, title=kind, works=(GET, STREAMS), rounds=ROUNDS)
    matrix.speed[kind] = shown(report)
    # What it says of time holds for one machine; that each has a figure holds everywhere.
    for result in report.results:
        if result.item.name in ITEMS:
            assert all(result.summary(name) for name in folders)


def opening(name: str, folder: str | None, root: Path) -> Callable[[], IPCStorageDriver]:
    parameters = {"rootdirectory": str(root)} if name.endswith("filesystem") else {}
    return partial(launch, name, parameters, drivers_directory=folder)


def shown(report: Report) -> str:
    """Return the medians as a table, and below it how they were measured."""
    results = {result.item.name: result for result in report.results}
    rows: list[list[str]] = []
    for name in report.subjects:
        summaries = [results[item].summary(name) for item in ITEMS]
        rows.append([name, *(number(one.median) if one else "-" for one in summaries)])
    return "\n".join([table(["driver", *ITEMS.values()], rows), "", *conditions(report)])

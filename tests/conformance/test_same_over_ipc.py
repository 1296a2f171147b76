"""A driver in another process answers every call of the suite as it does in this one."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

from storagedriver.conformance import CaseOutcome, Report, compare, run_suite
from storagedriver.contract import ReadStream, StorageDriver
from storagedriver.drivers.factory import create, launch
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.drivers.wrappers.checked import Checked


def run(factory: Callable[[], StorageDriver]) -> Report:
    report = run_suite(factory)
    # Some errors hold the frame that raised them, and so the driver and its descriptors, until the
    # collector comes by.
    gc.collect()
    assert [result.reason for result in report.with_outcome(CaseOutcome.FAILED)] == []
    return report


# Not a suite class: this one is held to leaving no process, thread, descriptor or file behind.
def test_inmemory_answers_the_same_in_both_ways() -> None:
    differences = compare(run(lambda: create("inmemory")), run(lambda: launch("inmemory")))
    assert [str(difference) for difference in differences] == []


def test_filesystem_answers_the_same_in_both_ways(tmp_path: Path) -> None:
    # A root of its own for each: the store has to be empty at the beginning, and nothing more.
    here, there = ({"rootdirectory": str(tmp_path / name)} for name in ("here", "there"))
    for parameters in (here, there):
        Path(parameters["rootdirectory"]).mkdir()
    in_process = run(lambda: create("filesystem", here))
    over_ipc = run(lambda: launch("filesystem", there))
    assert [str(difference) for difference in compare(in_process, over_ipc)] == []


class HasNoVersions(InMemoryDriver):
    """Keeps the contract, and answers otherwise all the same."""

    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        stream = super().read_stream(path, offset)
        stream.version = b""
        return stream


def test_drivers_that_answer_differently_are_told_apart() -> None:
    only = ["put_get_one_byte", "delete_nothing"]
    one = run_suite(lambda: Checked(InMemoryDriver()), only=only)
    other = run_suite(lambda: Checked(HasNoVersions()), only=only)
    assert one.passed
    assert other.passed
    [first, _] = compare(one, other)
    assert str(first).startswith("put_get_one_byte: read_stream(")
    assert str(first).endswith("('stream', 1, True) / ('stream', 1, False)")

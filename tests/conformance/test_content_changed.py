"""A stream may give up when its object is replaced; a call that returns a whole content may not."""

from __future__ import annotations

import pytest

from storagedriver.conformance import run_suite
from storagedriver.contract import ContentChangedError, ReadStream
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.drivers.wrappers.checked import Checked


class GivesUpInStreams(InMemoryDriver):
    def read_stream(self, path: str, offset: int = 0) -> ReadStream:
        raise ContentChangedError(path)


class GivesUpAltogether(InMemoryDriver):
    def get_content(self, path: str) -> bytes:
        raise ContentChangedError(path)


@pytest.mark.parametrize(
    ("driver", "passes"), [(GivesUpInStreams, True), (GivesUpAltogether, False)]
)
def test_reads_while_others_put(driver: type[InMemoryDriver], passes: bool) -> None:
    report = run_suite(lambda: Checked(driver()), only=["reads_during_puts"])
    assert report.passed == passes

"""A subject that needs no driver, and a setting in which a turn takes no time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from storagedriver.benchmarks.amounts import Amounts
from storagedriver.benchmarks.content import Content
from storagedriver.benchmarks.work import Setting
from storagedriver.contract import Piece, Reader

CHUNK_BYTES = 1000


class DictionarySubject:
    """Keeps contents in a dictionary while it is started, and counts what it is asked for."""

    child_pid: int | None = None
    most_calls: int | None = None

    def __init__(self, name: str = "dictionary", log: list[str] | None = None) -> None:
        self.name = name
        self.log = [] if log is None else log
        self.contents: dict[str, bytes] | None = None

    @property
    def _started(self) -> dict[str, bytes]:
        assert self.contents is not None, "not started"
        return self.contents

    def start(self) -> None:
        self.log.append(f"start {self.name}")
        self.contents = {}

    def stop(self) -> None:
        self.log.append(f"stop {self.name}")
        self.contents = None

    def stat(self, key: str) -> int:
        return len(self._started[key])

    def get(self, key: str) -> Piece:
        return self._started[key]

    def put(self, key: str, content: bytes) -> None:
        self._started[key] = content

    def read_stream(self, key: str) -> Iterator[Piece]:
        content = self._started[key]
        for start in range(0, len(content), CHUNK_BYTES):
            yield content[start : start + CHUNK_BYTES]

    def write_stream(self, key: str, reader: Reader) -> int:
        pieces: list[bytes] = []
        while piece := reader.read(CHUNK_BYTES):
            pieces.append(bytes(piece))
        self._started[key] = b"".join(pieces)
        return len(self._started[key])


MakeSubject = Callable[..., DictionarySubject]


@pytest.fixture
def make_subject() -> MakeSubject:
    return DictionarySubject


@pytest.fixture
def subject() -> DictionarySubject:
    return DictionarySubject()


@pytest.fixture(scope="session")
def setting() -> Setting:
    amounts = Amounts(
        2,
        starts=3,
        call_seconds=0.001,
        stream_bytes=1_500_000,
        whole_gets=2,
        most_objects=1_000,
        fill_seconds=60,
    )
    return Setting(amounts, Content(1, amounts.stream_bytes))

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from storagedriver.benchmarks.streams import STREAMS, WHOLE, consume
from storagedriver.benchmarks.work import Setting, Work
from storagedriver.contract import StorageDriverError

if TYPE_CHECKING:
    from tests.benchmarks.conftest import DictionarySubject


def short_read(key: str) -> Iterator[bytes]:
    yield b"short"


def short_get(key: str) -> bytes:
    return b"short"


def short_write(key: str, reader: object) -> int:
    return 5


def test_a_content_is_read_to_its_end(subject: DictionarySubject) -> None:
    subject.start()
    subject.put("/a", bytes(2500))
    assert consume(subject, "/a") == 2500


@pytest.mark.parametrize(
    ("work", "method", "short"),
    [
        (STREAMS, "read_stream", short_read),
        (STREAMS, "write_stream", short_write),
        (WHOLE, "get", short_get),
    ],
)
def test_what_was_cut_short_has_no_figure(
    subject: DictionarySubject,
    setting: Setting,
    monkeypatch: pytest.MonkeyPatch,
    work: Work,
    method: str,
    short: Callable[..., object],
) -> None:
    monkeypatch.setattr(subject, method, short)
    with pytest.raises(StorageDriverError, match="moved 5 bytes instead of"):
        work.function(subject, setting)
    assert subject.contents is None

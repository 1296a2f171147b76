"""The readers that drivers are tried with behave as odd as they say, and no odder."""

from __future__ import annotations

import hashlib
import threading

import pytest

from storagedriver.conformance.readers import (
    FailingReader,
    GeneratedReader,
    GreedyReader,
    HeldReader,
    PieceReader,
    ReusingReader,
    WrongReader,
)

CONTENT = bytes(range(200))


def test_piece_reader_gives_at_most_a_piece() -> None:
    reader = PieceReader(CONTENT, 7)
    assert reader.read(100) == CONTENT[:7]
    assert reader.read(3) == CONTENT[7:10]
    assert reader.read(-1) == CONTENT[10:17]


def test_greedy_reader_gives_more_than_asked() -> None:
    reader = GreedyReader(CONTENT, 150)
    assert [reader.read(1), reader.read(1), reader.read(1)] == [CONTENT[:150], CONTENT[150:], b""]


def test_reusing_reader_spoils_what_it_gave_before() -> None:
    reader = ReusingReader(CONTENT, 150)
    first = reader.read(150)
    assert first == CONTENT[:150]
    assert reader.read(150) == CONTENT[150:]
    assert first[:50] == CONTENT[150:]


def test_failing_reader_raises_instead_of_ending() -> None:
    failure = RuntimeError()
    reader = FailingReader(CONTENT, failure)
    assert reader.read(1000) == CONTENT
    with pytest.raises(RuntimeError) as caught:
        reader.read(1000)
    assert caught.value is failure


@pytest.mark.parametrize("first", [b"", b"first"])
def test_wrong_reader_gives_something_else_then(first: bytes) -> None:
    reader = WrongReader(first, None)
    assert [reader.read(9) for _ in range(2 if first else 1)] == [*([first] if first else []), None]
    assert reader.read(9) == b""


def test_held_reader_waits_until_it_is_released() -> None:
    reader = HeldReader(b"first", b"rest")
    assert reader.read(9) == b"first"
    pieces: list[bytes] = []
    thread = threading.Thread(target=lambda: pieces.append(reader.read(9)))
    thread.start()
    assert reader.held.wait(10)
    assert pieces == []
    reader.release()
    thread.join(10)
    assert pieces == [b"rest"]


@pytest.mark.parametrize("size_bytes", [0, 1, (1 << 20) + 5, 3 << 20])
def test_generated_reader_gives_its_size_and_knows_its_digest(size_bytes: int) -> None:
    reader = GeneratedReader(1, size_bytes)
    digest = hashlib.sha256()
    given = 0
    while piece := reader.read(100_000):
        given += len(piece)
        digest.update(piece)
    assert (given, digest.hexdigest()) == (size_bytes, reader.hexdigest())


def test_generated_blocks_differ() -> None:
    reader = GeneratedReader(1, 2 << 20)
    assert reader.read(-1) != reader.read(-1)

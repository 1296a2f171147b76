"""What every peer does, or its figures would be worth nothing."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from storagedriver.benchmarks.peers.child import PeerError
from storagedriver.benchmarks.peers.grpc_store import Grpc
from storagedriver.benchmarks.peers.http_client import Http
from storagedriver.benchmarks.peers.mp_connection import MultiprocessingConnection
from storagedriver.benchmarks.peers.mp_manager import MultiprocessingManager
from storagedriver.benchmarks.peers.peer import Peer
from storagedriver.benchmarks.peers.pyro import Pyro
from storagedriver.benchmarks.peers.raw_pyzmq import RawPyzmq
from storagedriver.benchmarks.peers.raw_sockets import RawSockets
from storagedriver.benchmarks.peers.rpyc_store import Rpyc
from storagedriver.benchmarks.subject import Subject, running

PEERS: list[Callable[[], Peer]] = [
    RawSockets,
    RawPyzmq,
    MultiprocessingConnection,
    MultiprocessingManager,
    Pyro,
    Rpyc,
    Grpc,
    Http,
]
MIB = 1 << 20


@pytest.fixture(params=PEERS)
def peer(request: pytest.FixtureRequest) -> Subject:
    made: Subject = request.param()
    return made


@pytest.fixture
def started(peer: Subject) -> Iterator[Subject]:
    with running(peer):
        yield peer


@pytest.mark.parametrize("size_bytes", [0, 1, 4096, 65536, 5 * MIB + 7])
def test_what_was_put_is_got(started: Subject, size_bytes: int) -> None:
    content = bytes(range(256)) * (size_bytes // 256) + b"x" * (size_bytes % 256)
    started.put("/a", b"what was there before")
    started.put("/a", content)
    assert bytes(started.get("/a")) == content
    assert started.stat("/a") == size_bytes


@pytest.mark.parametrize("size_bytes", [0, 1, MIB, 5 * MIB + 7])
def test_what_was_streamed_there_is_streamed_back(started: Subject, size_bytes: int) -> None:
    content = bytes(range(251)) * (size_bytes // 251) + b"x" * (size_bytes % 251)
    assert started.write_stream("/a", io.BytesIO(content)) == size_bytes
    pieces = [bytes(piece) for piece in started.read_stream("/a")]
    assert all(pieces)
    assert b"".join(pieces) == content
    assert bytes(started.get("/a")) == content
    # The connection is where it was.
    assert started.stat("/a") == size_bytes


def test_what_was_put_can_be_read_as_a_stream(started: Subject) -> None:
    content = bytes(range(256)) * (3 * MIB // 256)
    started.put("/a", content)
    assert b"".join(bytes(piece) for piece in started.read_stream("/a")) == content


def test_keys_are_told_apart(started: Subject) -> None:
    contents = {f"/directory/{number}": b"%d" % number for number in range(5)}
    for key, content in contents.items():
        started.put(key, content)
    assert {key: bytes(started.get(key)) for key in contents} == contents


def test_many_threads_call_at_once(started: Subject) -> None:
    threads = 32
    barrier = Barrier(threads)

    def call(number: int) -> bool:
        key, content = f"/{number}", b"%d" % number * 1000
        barrier.wait()
        started.put(key, content)
        return all(bytes(started.get(key)) == content for _ in range(5))

    with ThreadPoolExecutor(threads) as pool:
        assert all(pool.map(call, range(threads)))


def test_a_child_does_the_work_while_it_is_started(peer: Subject) -> None:
    assert peer.child_pid is None
    with running(peer):
        pid = peer.child_pid
        assert Path(f"/proc/{pid}").exists()
    assert peer.child_pid is None
    assert not Path(f"/proc/{pid}").exists()


def test_each_start_is_of_a_new_and_empty_store(peer: Subject) -> None:
    for _ in range(2):
        with running(peer):
            assert peer.stat("/a") == 0
            peer.put("/a", b"content")


def test_stopping_what_is_not_started_has_no_effect(peer: Subject) -> None:
    peer.stop()
    with running(peer):
        pass
    peer.stop()


def test_one_that_cannot_start_is_an_error_with_its_last_words(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    with pytest.raises(PeerError, match=r"has not started: \S"), running(peer):
        pass

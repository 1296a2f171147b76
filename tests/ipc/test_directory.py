"""The private directory for sockets, wherever temporary files go."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from storagedriver.contract import StorageDriverError
from storagedriver.ipc.channel import Channel
from storagedriver.ipc.directory import SocketDirectory
from storagedriver.ipc.limits import MAX_ENDPOINT_BYTES
from storagedriver.ipc.session import Role, Session
from storagedriver.ipc.states import Side

LAST_CHANNEL = 4_294_967_295


@contextmanager
def made() -> Generator[SocketDirectory, None, None]:
    directory = SocketDirectory()
    try:
        yield directory
    finally:
        directory.remove()


def test_it_is_where_temporary_files_go_and_private() -> None:
    with made() as directory:
        assert os.path.dirname(directory.path) == os.environ["TMPDIR"]
        assert stat.S_IMODE(os.stat(directory.path).st_mode) == 0o700


def test_two_are_not_the_same() -> None:
    with made() as one, made() as other:
        assert one.path != other.path


def test_every_endpoint_of_it_is_short_enough_and_can_be_bound() -> None:
    with made() as directory:
        endpoint = directory.endpoint(LAST_CHANNEL)
        assert len(os.fsencode(endpoint)) < MAX_ENDPOINT_BYTES
        Channel.listen(endpoint, Session(Side.HOST, Role.NEW)).close()


@pytest.mark.parametrize("length", range(55, 100, 4))
def test_a_temporary_directory_of_any_length_gives_endpoints_that_are_short_enough(
    length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = os.environ["TMPDIR"]
    long = Path(parent, "x" * (length - len(parent) - 1))
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    with made() as directory:
        endpoint = directory.endpoint(LAST_CHANNEL)
        assert len(os.fsencode(endpoint)) < MAX_ENDPOINT_BYTES
        with closing(Channel.listen(endpoint, Session(Side.HOST, Role.NEW))):
            pass
    long.rmdir()


def test_a_long_temporary_directory_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    long = Path(os.environ["TMPDIR"], "x" * 90)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    with made() as directory:
        assert os.path.dirname(directory.path) == "/tmp"  # noqa: S108 - where it falls back to
    long.rmdir()


def test_a_temporary_directory_that_cannot_be_written_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Not by its mode: root writes everywhere else.
    monkeypatch.setenv("TMPDIR", "/proc")
    with made() as directory:
        assert os.path.dirname(directory.path) == "/tmp"  # noqa: S108 - where it falls back to


def test_a_relative_temporary_directory_is_found_again_from_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parent = os.environ["TMPDIR"]
    monkeypatch.chdir(os.path.dirname(parent))
    monkeypatch.setenv("TMPDIR", os.path.basename(parent))
    with made() as directory:
        assert os.path.dirname(directory.path) == parent
        monkeypatch.chdir("/")


def test_where_nothing_can_be_written_the_places_that_were_tried_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(**_options: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("storagedriver.ipc.directory.tempfile.mkdtemp", refuse)
    monkeypatch.setenv("TMPDIR", "/" + "x" * 200)
    with pytest.raises(StorageDriverError) as caught:
        SocketDirectory()
    assert "x (too long for a socket path)" in str(caught.value)
    assert "shm (Permission denied)" in str(caught.value)


def test_removing_it_removes_what_is_in_it_and_may_be_done_twice() -> None:
    directory = SocketDirectory()
    Path(directory.path, "0").touch()
    directory.remove()
    assert not os.path.exists(directory.path)
    directory.remove()

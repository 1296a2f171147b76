"""The private directory for sockets, wherever temporary files go, and the sweep of those left."""

from __future__ import annotations

import fcntl
import os
import socket as sockets
import stat
import subprocess
import sys
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
    def refuse(_path: str, _mode: int) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("storagedriver.ipc.directory.os.mkdir", refuse)
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


def test_removing_it_in_a_forked_child_is_left_to_the_parent() -> None:
    with made() as directory:
        child = os.fork()
        if child == 0:
            # As the end of the interpreter does.
            directory.__del__()
            os._exit(0)
        os.waitpid(child, 0)
        assert os.path.isdir(directory.path)


class TestSweep:
    """What a host that was killed has left is removed by the next one."""

    def left_behind(self, *, mode: int = 0o700) -> Path:
        path = Path(os.environ["TMPDIR"], "sd-00000000")
        path.mkdir()
        path.chmod(mode)
        return path

    def sweep(self) -> None:
        SocketDirectory().remove()

    def test_takes_an_empty_one(self) -> None:
        left = self.left_behind()
        self.sweep()
        assert not left.exists()

    def test_takes_one_with_the_socket_of_a_channel(self) -> None:
        left = self.left_behind()
        with sockets.socket(sockets.AF_UNIX) as socket:
            socket.bind(str(left / "17"))
        self.sweep()
        assert not left.exists()

    @pytest.mark.parametrize("name", ["17", "attach", "0.txt"])
    def test_leaves_one_that_holds_anything_else(self, name: str) -> None:
        left = self.left_behind()
        (left / name).touch()
        self.sweep()
        assert (left / name).exists()
        (left / name).unlink()
        left.rmdir()

    def test_leaves_one_that_others_may_use(self) -> None:
        left = self.left_behind(mode=0o755)
        self.sweep()
        assert left.exists()
        left.rmdir()

    def test_leaves_one_of_another_name(self) -> None:
        left = self.left_behind()
        other = left.rename(left.with_name("x-00000000"))
        self.sweep()
        assert other.exists()
        other.rmdir()

    def test_does_not_follow_a_link(self, tmp_path: Path) -> None:
        link = Path(os.environ["TMPDIR"], "sd-00000000")
        tmp_path.chmod(0o700)
        link.symlink_to(tmp_path)
        self.sweep()
        assert tmp_path.exists()
        link.unlink()

    def test_leaves_one_that_is_in_use_by_this_host(self) -> None:
        with made() as directory:
            self.sweep()
            assert os.path.isdir(directory.path)

    def test_leaves_one_that_is_in_use_by_another_host_and_takes_it_after_its_end(self) -> None:
        program = (
            "import sys\n"
            "from storagedriver.ipc.directory import SocketDirectory\n"
            "directory = SocketDirectory()\n"
            "print(directory.path, flush=True)\n"
            "sys.stdin.read()\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as host:
            assert host.stdout is not None
            path = host.stdout.readline().rstrip("\n")
            self.sweep()
            assert os.path.isdir(path)
            host.kill()
        assert os.path.isdir(path)
        self.sweep()
        assert not os.path.exists(path)

    @pytest.mark.parametrize("moment", ["unopened", "opened", "locked"])
    def test_that_is_quicker_than_the_lock_costs_another_try(
        self, moment: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        taken: list[str] = []
        make, lock = os.mkdir, fcntl.flock

        def take() -> bool:
            if taken:
                return False
            (path,) = Path(os.environ["TMPDIR"]).glob("sd-*")
            path.rmdir()
            taken.append(str(path))
            return True

        def make_unless_taken(path: str, mode: int) -> None:
            make(path, mode)
            if moment == "unopened":
                take()

        def lock_unless_taken(descriptor: int, how: int) -> None:
            if moment != "unopened" and take() and moment == "locked":
                raise BlockingIOError
            lock(descriptor, how)

        monkeypatch.setattr("storagedriver.ipc.directory.os.mkdir", make_unless_taken)
        monkeypatch.setattr("storagedriver.ipc.directory.fcntl.flock", lock_unless_taken)
        with made() as directory:
            assert taken
            assert directory.path not in taken
            assert os.path.isdir(directory.path)
            assert os.path.dirname(directory.path) == os.environ["TMPDIR"]

"""The driver's end of the lifeline: its first line, and the news of its end."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator

import pytest

from storagedriver.ipc.lifeline import Lifeline, parse_object

PATIENCE_SECONDS = 30.0


class Host:
    """The other end of a standard input that is taken over."""

    def __init__(self) -> None:
        self._kept = os.dup(0)
        end, self._end = os.pipe()
        os.dup2(end, 0)
        os.close(end)
        self.lifeline = Lifeline()

    def write(self, data: bytes) -> None:
        os.write(self._end, data)

    def close(self) -> None:
        if self._end >= 0:
            os.close(self._end)
            self._end = -1

    def restore(self) -> None:
        self.close()
        os.dup2(self._kept, 0)
        os.close(self._kept)
        # A driver has it for as long as it lives.
        os.close(self.lifeline._descriptor)  # pyright: ignore[reportPrivateUsage]


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.restore()


class TestFirstLine:
    def test_has_the_token(self, host: Host) -> None:
        host.write(b'{"token": "abc"}\n')
        first = host.lifeline.read_first_line()
        assert (first.token, first.parameters) == ("abc", None)

    def test_has_parameters_that_are_secret(self, host: Host) -> None:
        host.write(b'{"token": "abc", "parameters": {"key": "hush"}, "later": 1}\n')
        first = host.lifeline.read_first_line()
        assert first.parameters == {"key": "hush"}
        assert "hush" not in repr(first)
        assert "abc" not in repr(first)

    def test_may_be_longer_than_a_pipe_holds(self, host: Host) -> None:
        line = json.dumps({"token": "x" * 1_000_000}).encode() + b"\n"
        writer = threading.Thread(target=host.write, args=(line,))
        writer.start()
        assert len(host.lifeline.read_first_line().token) == 1_000_000
        writer.join()

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            (b"", "ended within"),
            (b'{"token": "a', "ended within"),
            (b"token\n", "not JSON"),
            (b"[]\n", "not a JSON object"),
            (b"{}\n", 'no "token"'),
            (b'{"token": 1}\n', 'no "token"'),
            (b'{"token": "a", "parameters": []}\n', "not an object"),
        ],
    )
    def test_that_is_something_else_is_refused(self, line: bytes, why: str, host: Host) -> None:
        host.write(line)
        host.close()
        with pytest.raises(ValueError, match=why):
            host.lifeline.read_first_line()


class TestEnd:
    def test_is_told_when_the_host_lets_go(self, host: Host) -> None:
        told = threading.Event()
        host.lifeline.watch(told.set)
        assert not host.lifeline.wait(0)
        host.close()
        assert told.wait(PATIENCE_SECONDS)
        assert host.lifeline.wait(0)

    def test_is_told_if_it_came_before_the_watch(self, host: Host) -> None:
        told = threading.Event()
        host.close()
        host.lifeline.watch(told.set)
        assert told.wait(PATIENCE_SECONDS)

    def test_is_not_what_a_host_writes_against_the_protocol(self, host: Host) -> None:
        told = threading.Event()
        host.lifeline.watch(told.set)
        host.write(b"and another thing\n")
        assert not told.wait(0.1)
        host.close()
        assert told.wait(PATIENCE_SECONDS)

    def test_is_told_when_the_parent_is_another_though_somebody_holds_the_pipe(
        self, host: Host, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = threading.Event()
        host.lifeline.watch(told.set)
        # Not 1: where an ancestor takes in orphans it is that one.
        monkeypatch.setattr(os, "getppid", lambda: 4711)
        assert told.wait(PATIENCE_SECONDS)


def test_children_of_a_driver_have_another_standard_input(host: Host) -> None:
    assert os.readlink("/proc/self/fd/0") == os.devnull


def test_what_is_no_object_is_refused_with_its_place() -> None:
    with pytest.raises(ValueError, match="the first argument is not JSON"):
        parse_object("{", "the first argument")

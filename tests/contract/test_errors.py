"""Errors: what their texts say, and that they survive copies."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from storagedriver.contract import DriverCrashedError, NoSpaceError


class TestCrashText:
    @pytest.mark.parametrize(
        ("exit_status", "signal", "how"),
        [
            (3, None, "exited with status 3"),
            (None, 9, "was ended by signal 9"),
            (None, None, "ended"),
        ],
    )
    def test_says_how_it_ended(self, exit_status: int | None, signal: int | None, how: str) -> None:
        assert DriverCrashedError(exit_status, signal, "").message == f"The driver process {how}"

    def test_ends_with_the_last_line(self) -> None:
        error = DriverCrashedError(1, None, "first\nno room: größer\n\n")
        assert error.message.endswith("; its last line was: no room: größer")

    def test_shows_what_would_move_the_cursor_as_escapes(self) -> None:
        error = DriverCrashedError(1, None, "\x1b[2Jgone\x00")
        assert error.message.endswith(r"; its last line was: \x1b[2Jgone\x00")
        assert error.stderr == "\x1b[2Jgone\x00"


def test_the_name_of_the_driver_is_told_last() -> None:
    assert str(NoSpaceError("/a", driver="mine")) == "No space left: /a (driver mine)"


def unpickled(error: DriverCrashedError) -> object:
    return pickle.loads(pickle.dumps(error))


@pytest.mark.parametrize("again", [copy.copy, unpickled])
def test_a_copy_is_the_same_error(again: Callable[[DriverCrashedError], object]) -> None:
    error = DriverCrashedError(3, None, "last", driver="mine", stored=7)
    back = again(error)
    assert type(back) is DriverCrashedError
    assert (back.message, back.fields, back.driver) == (error.message, error.fields, "mine")
    assert (back.stored, back.temporary) == (7, True)

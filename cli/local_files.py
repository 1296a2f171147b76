"""The local ends of a transfer: a file or `-`, the program's own input and output."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from typing import BinaryIO

STANDARD = "-"


@contextmanager
def opened_for_reading(local: str) -> Generator[BinaryIO, None, None]:
    """Open a file, or give stdin. Raises OSError."""
    if local == STANDARD:
        yield sys.stdin.buffer
        return
    with open(local, "rb") as file:
        yield file


def size_of(file: BinaryIO) -> int | None:
    """Return the size in bytes of an open file; None for a pipe or a terminal."""
    status = os.fstat(file.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None


@contextmanager
def opened_for_writing(local: str) -> Generator[BinaryIO, None, None]:
    """Give stdout, or a file that appears at `local` when the block ends without an exception.

    After an exception what was at `local` before is still there, and nothing else. Where it is no
    regular file, such as a pipe or a device, it is written to as it stands. Raises OSError.
    """
    if local == STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif os.path.exists(local) and not os.path.isfile(local):
        with open(local, "wb") as file:
            yield file
    else:
        with _replacing(os.path.realpath(local)) as file:
            yield file


@contextmanager
def _replacing(target: str) -> Generator[BinaryIO, None, None]:
    folder, name = os.path.split(target)
    # Beside the target, as a rename does not cross file systems; short, as names have a limit.
    descriptor, unfinished = tempfile.mkstemp(prefix=f".{name[:100]}.", suffix=".part", dir=folder)
    try:
        with open(descriptor, "wb") as file:
            yield file
            os.fchmod(file.fileno(), _mode_for(target))
        os.replace(unfinished, target)
    except BaseException:
        os.unlink(unfinished)
        raise


def _mode_for(target: str) -> int:
    """The mode of the file that is replaced, or what a new one would get."""
    try:
        return stat.S_IMODE(os.stat(target).st_mode)
    except FileNotFoundError:
        # There is no other way to read the mask than to set it.
        mask = os.umask(0o077)
        os.umask(mask)
        return 0o666 & ~mask

"""How a failure ends the program: the line it writes and the status it exits with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import click

from storagedriver.contract import InvalidStorageDriverError, StorageDriverError

FAILED: Final = 1
USAGE: Final = 2
NO_SUCH_DRIVER: Final = 69
"""EX_UNAVAILABLE of sysexits.h: the program to start is not there."""
INTERRUPTED: Final = 130
"""What a shell reports for a program that SIGINT ended."""
STDOUT_CLOSED: Final = 141
"""The same for SIGPIPE."""


@dataclass(frozen=True, slots=True)
class Failure:
    text: str
    status: int


def describe(error: Exception) -> Failure | None:
    """Return how `error` is told and ends the program; None for a bug, which wants a traceback."""
    if isinstance(error, StorageDriverError):
        missing = isinstance(error, InvalidStorageDriverError)
        return Failure(text_of(error), NO_SUCH_DRIVER if missing else FAILED)
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "storagedriver"
        return Failure(f"{error.format_message().rstrip('.')} (see {command} --help)", USAGE)
    if isinstance(error, click.ClickException):
        return Failure(error.format_message(), FAILED)
    if isinstance(error, OSError):
        # Drivers raise errors of the contract, so this is about a file of the caller's.
        return Failure(f"{error.strerror}: {error.filename}", FAILED)
    return None


def text_of(error: StorageDriverError) -> str:
    """Return the code, for scripts, and the message, for people."""
    return f"{error.code}: {error}"


def report(text: str) -> None:
    """Write one line to stderr, whatever stands in `text`: part of it may come from a driver."""
    line = "".join(character if character.isprintable() else " " for character in text)
    click.echo(f"storagedriver: {line}", err=True)

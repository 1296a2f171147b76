"""Where the executable of a driver is: `registry-storage-<name>`, in a known order of places."""

from __future__ import annotations

import os
import re
import sysconfig
from collections.abc import Iterator
from typing import Final

from storagedriver.contract.errors import InvalidStorageDriverError

EXECUTABLE_PREFIX: Final = "registry-storage-"
DIRECTORIES_VARIABLE: Final = "STORAGEDRIVER_PATH"

# It becomes part of a file name, so nothing that could lead to another directory.
NAME_PATTERN: Final = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
NAME_RULE: Final = "a name is lower-case letters and digits, with single . _ or - between them"


def check_name(name: str) -> None:
    """Raises InvalidStorageDriverError if no driver can have this name, TypeError if no str."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a driver is a str, not {type(name).__name__}")
    if not NAME_PATTERN.fullmatch(name):
        raise InvalidStorageDriverError(name, reason=NAME_RULE)


def find_executable(name: str, drivers_directory: str | None = None) -> str:
    """Return the absolute path of the executable of the driver `name`.

    Looked for in `drivers_directory`, in the directories of STORAGEDRIVER_PATH, in those of PATH,
    and beside the running interpreter, so that an environment need not be activated.

    Raises InvalidStorageDriverError that says where it looked, and what it found there that cannot
    be executed.
    """
    check_name(name)
    unusable: list[str] = []
    looked_in: list[str] = []
    for place, directories in places(drivers_directory):
        looked_in.append(place)
        for directory in directories:
            candidate = os.path.abspath(os.path.join(directory, EXECUTABLE_PREFIX + name))
            if not os.path.isfile(candidate):
                continue
            if os.access(candidate, os.X_OK):
                return candidate
            unusable.append(candidate)
    raise InvalidStorageDriverError(name, reason=_not_found(name, looked_in, unusable))


def places(drivers_directory: str | None) -> Iterator[tuple[str, list[str]]]:
    """Iterate over what is looked into, in order: what it is called, and its directories."""
    if drivers_directory is not None:
        yield drivers_directory, [drivers_directory]
    for variable in (DIRECTORIES_VARIABLE, "PATH"):
        value = os.environ.get(variable, "")
        # An empty entry means the current directory to a shell. Here it is a slip of the pen, and
        # would run whatever lies about.
        yield variable, [entry for entry in value.split(os.pathsep) if entry]
    scripts = sysconfig.get_path("scripts")
    yield scripts, [scripts]


def _not_found(name: str, looked_in: list[str], unusable: list[str]) -> str:
    reason = f"no {EXECUTABLE_PREFIX}{name} in {', '.join(looked_in)}"
    if unusable:
        reason += f"; found but not executable: {', '.join(unusable)}"
    return reason

"""Why a program could not be executed: the kernel has one number for several reasons."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

# As much of a script as the kernel reads for its first line.
_FIRST_LINE_BYTES: Final = 256


def explained(error: OSError, program: str, environment: Mapping[str, str]) -> OSError:
    """Return `error`, of executing `program`, with a `strerror` that says what to do about it.

    It stays as it is where the number says enough. Never raises.
    """
    path: str | None = program
    if os.sep not in program:
        path = shutil.which(program, path=environment.get("PATH", os.defpath))
    reason = _reason(error.errno, path)
    return OSError(error.errno, reason or error.strerror, program)


def _reason(number: int | None, path: str | None) -> str | None:
    match number:
        case errno.ENOENT:
            return _not_found(path)
        case errno.EACCES if path is not None:
            return _not_permitted(path)
        case errno.ENOEXEC:
            return (
                "it is neither a program for this machine nor a script, which would say in its"
                " first line what runs it, such as #!/usr/bin/env python3"
            )
        case errno.E2BIG:
            return (
                "its arguments or the variables added to its environment are too long for the"
                " system; parameters may be longer"
            )
        case _:
            return None


def _not_found(path: str | None) -> str | None:
    if path is None:
        return "there is no such program on PATH"
    if os.path.islink(path) and not os.path.exists(path):
        return f"it is a link to {os.readlink(path)}, which is not there"
    if not os.path.exists(path):
        return None
    interpreter = _interpreter(path)
    if interpreter is None:
        return "the file is there, but the loader that it was linked for is not"
    if interpreter.endswith("\r"):
        return "the file is there, but its lines end in CR LF: save it with LF alone"
    return f"the file is there, but the interpreter in its first line, {interpreter}, is not"


def _not_permitted(path: str) -> str | None:
    if os.path.isdir(path):
        return "it is a directory"
    with suppress(OSError):
        if not os.stat(path).st_mode & 0o111:
            return "it is not executable; chmod +x makes it so"
        if os.statvfs(path).f_flag & os.ST_NOEXEC:
            return "it is on a file system that is mounted noexec"
    interpreter = _interpreter(path)
    if interpreter is not None:
        return f"the interpreter in its first line, {interpreter}, may not be executed"
    return None


def _interpreter(path: str) -> str | None:
    """What the first line of a script says that runs it, None if it says nothing."""
    try:
        with open(path, "rb") as file:
            start = file.read(_FIRST_LINE_BYTES)
    except OSError:
        return None
    found = re.match(rb"#![ \t]*([^ \t\n]+)", start)
    return os.fsdecode(found[1]) if found else None

"""Why a program could not be executed is told apart, and in words that say what to do."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from storagedriver.ipc.exec_failure import explained


def reason(program: str | Path, environment: Mapping[str, str] | None = None) -> str:
    """Execute `program`, which fails, and return what that is explained by."""
    environment = dict(os.environ) if environment is None else environment
    with pytest.raises(OSError, match="Errno") as caught:
        subprocess.run([str(program)], env=environment, check=True)
    error = explained(caught.value, str(program), environment)
    assert error.errno == caught.value.errno
    assert type(error) is type(caught.value)
    assert error.filename == str(program)
    return str(error.strerror)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program"
    path.write_bytes(b"#!/bin/sh\n")
    path.chmod(0o755)
    return path


def linked_for(loader: bytes) -> bytes:
    """A program of this machine that says which loader it needs, and has nothing more."""
    machine = Path(sys.executable).read_bytes()[:20]
    header = struct.pack("<IQQQIHHHHHH", 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 3, 4, 120, 0, 0, len(loader) + 1, len(loader) + 1, 1)
    return machine[:16] + b"\2\0" + machine[18:20] + header + segment + loader + b"\0"


def test_a_file_that_is_not_there() -> None:
    assert reason("/nowhere/program") == os.strerror(errno.ENOENT)


def test_a_name_that_is_not_on_the_path() -> None:
    assert reason("no-such-program") == "there is no such program on PATH"


def test_an_interpreter_that_is_not_there(program: Path) -> None:
    program.write_bytes(b"#! /no/such/python -u\n")
    assert reason(program) == (
        "the file is there, but the interpreter in its first line, /no/such/python, is not"
    )


def test_the_same_of_a_program_that_is_found_on_the_path(program: Path) -> None:
    program.write_bytes(b"#!/no/such/python\n")
    assert "/no/such/python, is not" in reason("program", {"PATH": str(program.parent)})


def test_lines_that_end_as_on_windows(program: Path) -> None:
    program.write_bytes(b"#!/bin/sh\r\nexit\r\n")
    assert "save it with LF" in reason(program)


def test_a_loader_that_is_not_there(program: Path) -> None:
    program.write_bytes(linked_for(b"/no/such/loader"))
    assert reason(program) == "the file is there, but the loader that it was linked for is not"


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/nowhere/program")
    assert reason(link) == "it is a link to /nowhere/program, which is not there"


def test_a_directory(tmp_path: Path) -> None:
    assert reason(tmp_path) == "it is a directory"


def test_a_file_without_permission(program: Path) -> None:
    program.chmod(0o644)
    assert reason(program) == "it is not executable; chmod +x makes it so"


@pytest.mark.parametrize("interpreter", ["/etc/passwd", "/etc"])
def test_an_interpreter_without_permission(program: Path, interpreter: str) -> None:
    program.write_text(f"#!{interpreter}\n")
    assert reason(program) == (
        f"the interpreter in its first line, {interpreter}, may not be executed"
    )


def test_a_file_system_without_programs(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # There may be none here, and to mount one takes privilege.
    system = list(os.statvfs(program))
    system[8] |= os.ST_NOEXEC

    def mounted_noexec(_path: str) -> os.statvfs_result:
        return os.statvfs_result(system)

    monkeypatch.setattr(os, "statvfs", mounted_noexec)
    denied = PermissionError(errno.EACCES, "Permission denied")
    assert "noexec" in str(explained(denied, str(program), {}).strerror)


@pytest.mark.parametrize("content", [b"", b"exec sleep 1\n", b"\x7fELF" + bytes(100), b"MZ\x90\0"])
def test_a_file_that_is_no_program_for_this_machine(program: Path, content: bytes) -> None:
    program.write_bytes(content)
    assert "neither a program for this machine nor a script" in reason(program)


def test_an_environment_that_is_too_long(program: Path) -> None:
    told = reason(program, {"LONG": "x" * 1_000_000})
    assert "the variables added to its environment are too long" in told


def test_what_needs_no_more_words_keeps_its_own(program: Path) -> None:
    assert reason(program / "below") == os.strerror(errno.ENOTDIR)
    assert reason("/" + "x" * 300) == os.strerror(errno.ENAMETOOLONG)


def test_where_no_reason_is_found_the_system_has_the_word(program: Path) -> None:
    denied = PermissionError(errno.EACCES, "Permission denied")
    program.write_bytes(b"no first line")
    assert explained(denied, str(program), {}).strerror == "Permission denied"

"""What holds for every test: it leaves nothing behind, and slow ones run only when asked for."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

# A process that was told to end, or a thread that saw its socket close, may need a moment on a
# loaded machine. Nothing waits this long unless something was really left behind.
SETTLING_SECONDS = 5.0
POLL_SECONDS = 0.01


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="also run the tests marked `full`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--full"):
        return
    left_out = [item for item in items if item.get_closest_marker("full")]
    if left_out:
        # Reported as deselected, so pytest's summary counts them.
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("full")]


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder of the project, with its executables and examples."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture
def drivers_directory(tmp_path: Path, checkout: Path) -> Path:
    """A folder that holds the example driver as a program, by the name `dictionary`."""
    directory = tmp_path / "drivers"
    directory.mkdir()
    program = directory / "registry-storage-dictionary"
    example = checkout / "examples" / "python" / "dictionary_driver.py"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {example} "$@"\n')
    program.chmod(0o755)
    return directory


@pytest.fixture(scope="session", autouse=True)
def _pytest_makes_its_own_directory_first(tmp_path_factory: pytest.TempPathFactory) -> None:
    # It would otherwise be made by the first test that uses tmp_path, inside that test's TMPDIR.
    tmp_path_factory.getbasetemp()


@pytest.fixture(scope="session", autouse=True)
def _signals_are_not_ignored() -> None:
    # As they are for what a shell runs in the background, and for all that this starts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test after which a thread, process, descriptor or temporary file is left.

    Each test has its own TMPDIR, so what it leaves there is known to be its own, and a process is
    too, even one that has lost its parent, as all inherit that variable. The path is short because
    the path of a Unix socket has to be.
    """
    directory = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    before = _Owned.now(None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(directory))
        patch.setattr(tempfile, "tempdir", None)
        yield
    left = _wait_until_nothing_is_left(before, directory)
    for pid in left.processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    shutil.rmtree(directory)
    if left.any():
        pytest.fail(f"left behind: {left.describe()}", pytrace=False)


@dataclass(frozen=True, slots=True)
class _Owned:
    """What this test process owns at one moment."""

    threads: frozenset[threading.Thread]
    processes: frozenset[int]
    descriptors: frozenset[tuple[int, str]]
    files: frozenset[str]

    @classmethod
    def now(cls, directory: Path | None) -> _Owned:
        """Look around; in a directory only if it may have been used."""
        processes, files = set(_children()), set[str]()
        if directory is not None:
            processes.update(_processes_with_tmpdir(directory))
            files.update(str(path) for path in directory.rglob("*"))
        return cls(
            threads=frozenset(threading.enumerate()),
            processes=frozenset(processes),
            descriptors=frozenset(_descriptors()),
            files=frozenset(files),
        )

    def since(self, before: _Owned) -> _Owned:
        return _Owned(
            threads=self.threads - before.threads,
            processes=self.processes - before.processes,
            descriptors=self.descriptors - before.descriptors,
            files=self.files - before.files,
        )

    def any(self) -> bool:
        return bool(self.threads or self.processes or self.descriptors or self.files)

    def describe(self) -> str:
        things = [f"thread {thread.name}" for thread in self.threads]
        things += [f"process {pid} ({_command_line(pid)})" for pid in self.processes]
        things += [f"descriptor {number} ({target})" for number, target in self.descriptors]
        things += [f"file {path}" for path in self.files]
        return ", ".join(sorted(things))


def _wait_until_nothing_is_left(before: _Owned, directory: Path) -> _Owned:
    left = _Owned.now(directory).since(before)
    if not left.any():
        return left
    # An error that was caught and its frames may hold each other, and what was open in them.
    gc.collect()
    deadline = time.monotonic() + SETTLING_SECONDS
    while (left := _Owned.now(directory).since(before)).any() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return left


def _children() -> Iterator[int]:
    """Children of this process, those included that have ended and were not waited for."""
    for task in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):
            yield from map(int, (task / "children").read_text().split())


def _processes_with_tmpdir(directory: Path) -> Iterator[int]:
    wanted = f"TMPDIR={directory}".encode()
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            # It may have ended meanwhile, and not all are ours to look at.
            with suppress(OSError):
                if wanted in Path("/proc", entry, "environ").read_bytes().split(b"\0"):
                    yield int(entry)


def _descriptors() -> Iterator[tuple[int, str]]:
    for entry in os.listdir("/proc/self/fd"):
        # The listing's own descriptor is closed by now.
        with suppress(FileNotFoundError):
            yield int(entry), os.readlink(f"/proc/self/fd/{entry}")


def _command_line(pid: int) -> str:
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return b" ".join(words).decode(errors="replace").strip()
    return "ended"

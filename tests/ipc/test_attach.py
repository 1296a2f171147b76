"""A driver that is served by hand, and the hosts that attach to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from storagedriver.contract import DriverCrashedError, PathNotFoundError
from storagedriver.ipc.attach import attach

PROGRAM = """
import sys
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.ipc.by_hand import serve_by_hand

serve_by_hand(InMemoryDriver(), name="inmemory", on_ready=lambda d: print(d, flush=True))
"""


@pytest.fixture
def served() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The directory to attach to, and the process that serves."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().rstrip("\n"), process
        # As Ctrl-C in its terminal, which also has it remove its directory.
        process.send_signal(signal.SIGINT)


def test_one_host_after_another_finds_what_the_last_has_stored(
    served: tuple[str, subprocess.Popen[str]],
) -> None:
    directory, _ = served
    for number in range(3):
        with attach(directory) as driver:
            assert driver.list("/") == [f"/{earlier}" for earlier in range(number)]
            driver.put_content(f"/{number}", b"content")


def test_errors_are_those_of_the_driver(served: tuple[str, subprocess.Popen[str]]) -> None:
    with attach(served[0], name="debugged") as driver:
        with pytest.raises(PathNotFoundError) as caught:
            driver.get_content("/nothing")
        assert caught.value.driver == "debugged"


def test_driver_that_dies_is_a_crash(served: tuple[str, subprocess.Popen[str]]) -> None:
    directory, process = served
    with attach(directory) as driver:
        process.kill()
        process.wait()
        with pytest.raises(DriverCrashedError):
            driver.list("/")
    # Killed, it could not do it.
    os.unlink(os.path.join(directory, "attach"))
    os.rmdir(directory)


def test_host_that_goes_leaves_the_driver_for_the_next(
    served: tuple[str, subprocess.Popen[str]],
) -> None:
    directory, _ = served
    program = (
        "import os\n"
        "from storagedriver.ipc.attach import attach\n"
        f"attach({directory!r}).put_content('/left', b'content')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    with attach(directory) as driver:
        assert driver.get_content("/left") == b"content"


def test_directory_where_nobody_serves_is_a_clear_error() -> None:
    with pytest.raises(DriverCrashedError, match="no driver is served in /nowhere"):
        attach("/nowhere")

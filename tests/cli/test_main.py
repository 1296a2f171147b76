from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Command, StallingDriver

PROGRAM = [sys.executable, "-m", "storagedriver.cli.main"]


def test_help_loads_neither_ipc_nor_the_suite() -> None:
    program = (
        "import sys\n"
        "from storagedriver.cli.main import run\n"
        "assert run(['--help']) == 0 and run(['check', '--help']) == 0\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stderr.split())
    needless = {"storagedriver.ipc", "msgpack", "psutil", "rich", "storagedriver.conformance"}
    assert "click" in loaded
    assert not needless & loaded


@pytest.mark.parametrize(
    "arguments", [(), ("nonsense",), ("--nonsense",), ("get",), ("get", "filesystem", "/a")]
)
def test_wrong_usage_is_one_line_and_status_2(
    storagedriver: Command, arguments: tuple[str, ...]
) -> None:
    answer = storagedriver(*arguments)
    assert (answer.status, answer.stdout) == (2, "")
    assert answer.stderr.startswith("storagedriver: ")
    assert answer.stderr.endswith(" --help)\n")
    assert answer.stderr.count("\n") == 1


def test_a_driver_that_is_nowhere_is_status_69(storagedriver: Command) -> None:
    for way in ([], ["--in-process"]):
        answer = storagedriver("ls", "nowhere", *way)
        assert answer.status == 69
        assert answer.stderr.startswith(
            "storagedriver: InvalidStorageDriver: StorageDriver not registered: nowhere"
        )


def test_parameters_that_a_driver_refuses_are_status_1(storagedriver: Command) -> None:
    answer = storagedriver("ls", "inmemory", "-p", "no=sense")
    assert answer.status == 1
    assert answer.stderr.startswith("storagedriver: InvalidParameters: Invalid parameter 'no'")


def test_the_version_is_shown(storagedriver: Command) -> None:
    answer = storagedriver("--version")
    assert (answer.status, answer.stderr) == (0, "")
    assert answer.stdout.startswith("storagedriver, version 0.")


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_it_quietly_with_its_driver(
    store: Path, number: signal.Signals, status: int
) -> None:
    driver = ["filesystem", "-p", f"rootdirectory={store}"]
    with subprocess.Popen(
        [*PROGRAM, "put", *driver, "-", "/a"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        # More than a pipe holds: when it is written, the transfer runs.
        process.stdin.write(bytes(1 << 22))
        process.stdin.flush()
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout, stderr) == (status, b"", b"")


def test_what_it_was_started_to_ignore_it_ignores(store: Path) -> None:
    driver = ["filesystem", "-p", f"rootdirectory={store}", "--in-process"]
    # As nohup does.
    ignoring = "trap '' HUP; exec \"$@\""
    with subprocess.Popen(
        ["sh", "-c", ignoring, "sh", *PROGRAM, "put", *driver, "-", "/a"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(bytes(1 << 22))
        process.stdin.flush()
        process.send_signal(signal.SIGHUP)
        stdout, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert stdout.endswith(b"  /a\n")


def test_a_signal_leaves_no_half_file(stalling: StallingDriver, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    options = ["--drivers-directory", str(stalling.directory), "-p", f"fifo={stalling.fifo}"]
    copy = str(tmp_path / "folder" / "copy")
    with subprocess.Popen([*PROGRAM, "get", "stalling", *options, "/a", copy]) as process:
        stalling.wait_until_it_stalls()
        assert os.listdir(tmp_path / "folder") != []
        process.send_signal(signal.SIGINT)
    assert process.returncode == 130
    assert os.listdir(tmp_path / "folder") == []


def test_a_reader_that_has_enough_is_no_error_to_be_told(
    filesystem: Command, store: Path, tmp_path: Path
) -> None:
    (tmp_path / "large").write_bytes(bytes(1 << 22))
    filesystem("put", tmp_path / "large", "/a")
    driver = ["filesystem", "-p", f"rootdirectory={store}"]
    with subprocess.Popen(
        [*PROGRAM, "get", *driver, "/a", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141

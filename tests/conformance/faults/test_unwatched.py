"""A process that nobody cleans up after leaves what it leaves."""

from __future__ import annotations

import os
from pathlib import Path

from storagedriver.conformance.faults.unwatched import unwatched

PATH = {"PATH": os.environ["PATH"]}


def test_it_reads_what_is_written_and_ends_with_its_input(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    with unwatched(["sh", "-c", f"cat >{copy}"], PATH) as process:
        process.write(b"a line\n")
        process.close_stdin()
        assert process.wait(10)
    assert copy.read_bytes() == b"a line\n"


def test_it_is_killed_at_the_end() -> None:
    with unwatched(["sleep", "1000"], PATH) as process:
        assert not process.wait(0)
        pid = process.pid
    assert not Path(f"/proc/{pid}").exists()

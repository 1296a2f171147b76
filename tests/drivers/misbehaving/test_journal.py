"""A journal keeps whole lines, in order, whoever writes them."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from storagedriver.drivers.misbehaving.journal import Entry, Journal, Step, read_journal


def test_what_is_noted_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "j"
    journal = Journal(str(path))
    journal.note(Step.BEFORE, "PutContent", "/a")
    journal.note(Step.AFTER, "PutContent", "/a", "NoSpace")
    assert read_journal(path) == [
        Entry(Step.BEFORE, "PutContent", "/a", "", os.getpid()),
        Entry(Step.AFTER, "PutContent", "/a", "NoSpace", os.getpid()),
    ]
    journal.close()


def test_a_journal_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "none") == []


def test_two_that_write_do_not_mix_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "j"
    journals = [Journal(str(path)) for _ in range(2)]
    with ThreadPoolExecutor(8) as executor:
        for number in range(400):
            executor.submit(journals[number % 2].note, Step.BEFORE, "Stat", f"/{number}" * 50)
    assert {entry.path for entry in read_journal(path)} == {f"/{n}" * 50 for n in range(400)}
    for journal in journals:
        journal.close()

"""Counts go on over restarts, and hold for all who count."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from storagedriver.drivers.misbehaving.occurrences import STATE_SUFFIX, Occurrences
from storagedriver.drivers.misbehaving.script import read_script


def write(path: Path, *methods: str) -> None:
    rules = [{"do": "crash", "method": method} for method in methods]
    path.write_text(json.dumps({"rules": rules}))


def opened(path: Path) -> Occurrences:
    return Occurrences(str(path), read_script(str(path)))


def test_a_new_process_counts_on(tmp_path: Path) -> None:
    path = tmp_path / "s"
    write(path, "Stat", "Move")
    stat, move = read_script(str(path)).rules
    assert opened(path).count([stat, move]) == [1, 1]
    assert opened(path).count([move]) == [2]
    assert opened(path).count([stat]) == [2]


def test_other_rules_are_counted_anew(tmp_path: Path) -> None:
    path = tmp_path / "s"
    write(path, "Stat")
    assert opened(path).count(read_script(str(path)).rules) == [1]
    write(path, "Move")
    assert opened(path).count(read_script(str(path)).rules) == [1]


def test_no_rule_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s"
    write(path)
    assert opened(path).count([]) == []
    assert not Path(f"{path}{STATE_SUFFIX}").exists()


def test_no_occurrence_is_lost_or_counted_twice_by_many_at_once(tmp_path: Path) -> None:
    path = tmp_path / "s"
    write(path, "Stat")
    rules = read_script(str(path)).rules
    with ThreadPoolExecutor(8) as executor:
        counts = [executor.submit(opened(path).count, rules) for _ in range(200)]
    assert sorted(count.result() for count in counts) == [[n] for n in range(1, 201)]

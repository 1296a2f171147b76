from __future__ import annotations

import os

from storagedriver.benchmarks.machine import LoadWatch, this_machine


def test_the_machine_is_described() -> None:
    machine = this_machine()
    assert machine.cpus == len(os.sched_getaffinity(0))
    assert machine.memory_bytes == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert machine.python.startswith("CPython 3.")
    assert machine.processor != ""
    assert {"storagedriver", "pyzmq"} <= set(machine.versions)


def test_the_load_of_a_round_names_the_round_and_is_within_the_machine() -> None:
    load = LoadWatch("calls", 3).end()
    assert (load.work, load.round) == ("calls", 3)
    assert load.others_cpus >= 0

"""As many cases are run as the time allows, and only what is not excused counts."""

from __future__ import annotations

import re

import pytest

from storagedriver.conformance import CASES, CaseFailedError
from storagedriver.conformance.faults.trouble import Endurance, run_cases
from storagedriver.contract import NoSpaceError, StorageDriver
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.drivers.wrappers.checked import Checked
from storagedriver.drivers.wrappers.faulty import Fault, Faulty, Moment, raising

PUTS = [case for case in CASES if case.name.startswith("put_get_")]


def right() -> StorageDriver:
    return Checked(InMemoryDriver())


def full_disk() -> StorageDriver:
    fails = Fault(Moment.BEFORE, raising(lambda: NoSpaceError("/")))
    return Checked(
        Faulty(InMemoryDriver(), lambda call: fails if call.method == "put_content" else None)
    )


def names_of(seed: int) -> list[str]:
    seen: list[str] = []
    run_cases(
        Endurance(PUTS, seed, seconds=60.0), right, before_case=lambda case: seen.append(case.name)
    )
    return seen


def test_all_cases_are_run_if_there_is_time() -> None:
    assert sorted(names_of(seed=1)) == sorted(case.name for case in PUTS)


def test_the_seed_draws_the_order() -> None:
    assert names_of(seed=1) == names_of(seed=1) != names_of(seed=2)


def test_one_case_is_run_however_short_the_time() -> None:
    assert run_cases(Endurance(PUTS, seed=1, seconds=0.0), right) == "1 cases"


def test_all_failures_are_told() -> None:
    with pytest.raises(CaseFailedError) as caught:
        run_cases(Endurance(PUTS, seed=1, seconds=60.0), full_disk)
    told = str(caught.value)
    assert told.startswith(f"{len(PUTS)} of {len(PUTS)} cases failed")
    assert all(re.search(rf"{case.name}: NoSpaceError", told) for case in PUTS)


def test_what_is_excused_is_no_failure() -> None:
    told = run_cases(
        Endurance(PUTS, seed=1, seconds=60.0), full_disk, excuses=lambda case, result: True
    )
    assert told == f"{len(PUTS)} cases"

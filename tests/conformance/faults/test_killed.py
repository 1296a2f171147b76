"""Kills find drivers that lose, halve or show what they should not, and pass the right ones."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storagedriver.conformance import CASES, CaseFailedError
from storagedriver.conformance.faults.killed import (
    comes_up_empty,
    keeps_what_it_has_acknowledged,
    suite_survives_kills,
)
from storagedriver.conformance.faults.trouble import Endurance
from storagedriver.contract import StorageDriverError
from tests.conformance.faults.conftest import MakeSubject

# Enough kills that one of them meets the fault; the check ends with the first that does.
PLENTY = Endurance((), seed=1, seconds=20.0)


def test_a_right_driver_keeps_what_it_has_acknowledged(
    right: MakeSubject, endurance: Endurance
) -> None:
    assert keeps_what_it_has_acknowledged(right("filesystem"), endurance).endswith(" kills")


def test_a_right_driver_passes_the_suite_under_kills(
    right: MakeSubject, endurance: Endurance
) -> None:
    assert " 0 kills" not in suite_survives_kills(right("filesystem"), endurance)


@pytest.mark.full
def test_a_right_driver_passes_all_of_the_suite_under_kills(right: MakeSubject) -> None:
    everything = Endurance(CASES, seed=2, seconds=1000.0)
    assert " 0 kills" not in suite_survives_kills(right("filesystem"), everything)


def test_a_right_volatile_driver_comes_up_empty(right: MakeSubject, endurance: Endurance) -> None:
    assert comes_up_empty(right("inmemory"), endurance).endswith(" kills")


@pytest.mark.parametrize(
    ("way", "driver", "told"),
    [
        ("forgetful", "inmemory", "after a kill the store is empty"),
        ("halves", "filesystem", "neither the old content"),
        ("temporary", "filesystem", "a temporary object?"),
        ("moves", "filesystem", "killed in move"),
    ],
)
def test_a_driver_that_is_not_safe_from_kills_is_found(
    careless: MakeSubject, way: str, driver: str, told: str
) -> None:
    with pytest.raises(CaseFailedError) as caught:
        keeps_what_it_has_acknowledged(careless(way, driver=driver), PLENTY)
    assert told in str(caught.value)


def test_a_driver_that_acknowledges_and_does_nothing_is_found(misbehaving: MakeSubject) -> None:
    lie = {"do": "answer", "method": "PutContent", "nth": "every"}
    with pytest.raises(CaseFailedError, match=r"acknowledged|neither|fails, before any kill"):
        keeps_what_it_has_acknowledged(misbehaving(lie, driver="filesystem"), PLENTY)


def test_a_driver_that_ends_by_itself_is_not_excused_by_kills(misbehaving: MakeSubject) -> None:
    ends = {"do": "crash", "method": "PutContent", "nth": 2, "status": 9}
    with pytest.raises(CaseFailedError, match=r"put_content of .* ends it: .*status 9"):
        keeps_what_it_has_acknowledged(misbehaving(ends, driver="filesystem"), PLENTY)


def test_a_driver_that_does_not_start_after_a_kill_is_found(misbehaving: MakeSubject) -> None:
    subject = misbehaving(
        {"do": "crash", "point": "start", "nth": [2, 3], "status": 8}, driver="filesystem"
    )
    with pytest.raises(StorageDriverError, match="exited with status 8"):
        keeps_what_it_has_acknowledged(subject, PLENTY)


def test_a_driver_that_only_says_it_is_volatile_is_found(careless: MakeSubject) -> None:
    with pytest.raises(CaseFailedError, match="calls itself volatile"):
        comes_up_empty(careless("not-volatile", driver="filesystem"), PLENTY)


def test_a_driver_that_loses_its_objects_fails_the_suite_under_kills(
    careless: MakeSubject, endurance: Endurance
) -> None:
    with pytest.raises(CaseFailedError, match="cases failed"):
        suite_survives_kills(careless("forgetful"), replace(endurance, seconds=4.0))

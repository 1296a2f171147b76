"""Too little of everything finds drivers that break by it, and passes the right ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from storagedriver.conformance import CaseFailedError
from storagedriver.conformance.faults import Subject
from storagedriver.conformance.faults.starved import (
    lives_with_few_descriptors,
    lives_with_little_processor,
    lives_with_many_calls,
)
from storagedriver.conformance.faults.trouble import Endurance
from tests.conformance.faults.conftest import MakeSubject

Check = Callable[[Subject, Endurance], str]


@pytest.mark.parametrize(
    "check",
    [lives_with_few_descriptors, lives_with_many_calls, lives_with_little_processor],
    ids=lambda check: str(check.__name__),
)
def test_a_right_driver_passes(right: MakeSubject, endurance: Endurance, check: Check) -> None:
    check(right("filesystem"), endurance)


@pytest.mark.parametrize(
    ("way", "check", "told"),
    [
        ("needs-descriptors", lives_with_few_descriptors, "which no retry may heal"),
        ("ends-without-descriptors", lives_with_few_descriptors, "without descriptors it ended"),
        ("overwhelmed", lives_with_many_calls, "which no retry may heal"),
    ],
)
def test_a_wrong_driver_is_found(
    careless: MakeSubject, endurance: Endurance, way: str, check: Check, told: str
) -> None:
    with pytest.raises(CaseFailedError, match=told):
        check(careless(way), endurance)

"""Stops find drivers that cannot stand to be stopped, and pass the right ones."""

from __future__ import annotations

import pytest

from storagedriver.conformance import CaseFailedError
from storagedriver.conformance.faults.stopped import suite_survives_stops
from storagedriver.conformance.faults.trouble import Endurance
from tests.conformance.faults.conftest import MakeSubject


def test_a_right_driver_passes(right: MakeSubject, endurance: Endurance) -> None:
    assert suite_survives_stops(right("filesystem"), endurance).endswith(" cases")


def test_a_driver_that_ends_when_it_was_stopped_is_found(
    careless: MakeSubject, endurance: Endurance
) -> None:
    with pytest.raises(CaseFailedError, match="exited with status 5"):
        suite_survives_stops(careless("impatient"), endurance)

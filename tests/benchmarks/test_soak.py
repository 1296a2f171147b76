"""A driver that is killed every few hundred milliseconds, held to a model of all that it stores."""

from __future__ import annotations

import pytest

from storagedriver.benchmarks.soak.run import Soak, SoakSettings


def soak(settings: SoakSettings) -> None:
    report = Soak(settings, tell=print).run()
    print(*report.lines(), sep="\n")
    assert not report.violations
    # None of it is worth anything if nothing was asked, or nothing was done to the driver.
    assert report.audits == settings.audits
    assert report.calls["put"]["ok"] > 0
    assert report.faults["SIGKILL"] > 0
    assert report.events["restarted"] > 0


def test_no_acknowledged_write_is_lost_in_two_minutes_of_kills() -> None:
    soak(SoakSettings(seconds=120, seed=2015))


def test_nor_if_everything_is_synced() -> None:
    soak(SoakSettings(seconds=20, seed=2014, durability="full", audits=2))


@pytest.mark.full
def test_nor_in_ten_minutes() -> None:
    soak(SoakSettings(seconds=600, seed=2016, audits=10))

"""What each tier syncs."""

from __future__ import annotations

import errno
import logging
import os

import pytest

from storagedriver.drivers import durability
from storagedriver.drivers.durability import Durability


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    descriptors: list[int] = []
    monkeypatch.setattr(os, "fsync", descriptors.append)
    return descriptors


@pytest.mark.parametrize(
    ("tier", "expected"),
    [(Durability.FULL, [1, 2]), (Durability.FILE, [1]), (Durability.NONE, [])],
)
def test_each_tier_syncs_what_it_says(
    synced: list[int], tier: Durability, expected: list[int]
) -> None:
    tier.sync_content(1)
    tier.sync_entries(2)
    assert synced == expected


def fail_with(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_an_error_of_a_sync_is_raised(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    fail_with(monkeypatch, number)
    for sync in (Durability.FULL.sync_content, Durability.FULL.sync_entries):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is what counts
            sync(1)
        assert caught.value.errno == number


def test_a_file_system_that_cannot_sync_is_mentioned_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    durability.warn_once.cache_clear()
    fail_with(monkeypatch, errno.EINVAL)
    with caplog.at_level(logging.WARNING):
        Durability.FULL.sync_content(1)
        Durability.FULL.sync_content(1)
    assert [record.getMessage() for record in caplog.records] == [
        "the file system cannot sync everything: Invalid argument"
    ]

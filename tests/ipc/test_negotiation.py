"""Which version two peers speak. The vectors have more cases; here is who is told to upgrade."""

from __future__ import annotations

import pytest

from storagedriver.contract import CURRENT_VERSION, IncompatibleVersionError, Version
from storagedriver.ipc.negotiation import OLDEST_VERSION, negotiate

HOST = Version(2, 5)
OLDEST = Version(2, 3)


def agree(driver: Version) -> Version:
    return negotiate(driver, host=HOST, oldest=OLDEST)


def test_the_current_version_is_spoken_with_itself() -> None:
    assert negotiate(CURRENT_VERSION) == CURRENT_VERSION


def test_the_oldest_version_is_not_newer_than_the_current_one() -> None:
    assert OLDEST_VERSION <= CURRENT_VERSION
    assert OLDEST_VERSION.major == CURRENT_VERSION.major


@pytest.mark.parametrize(
    ("driver", "spoken"),
    [
        (Version(2, 5), Version(2, 5)),
        (Version(2, 6), Version(2, 5)),
        (Version(2, 900), Version(2, 5)),
        (Version(2, 4), Version(2, 4)),
        (Version(2, 3), Version(2, 3)),
    ],
)
def test_the_lower_minor_is_spoken(driver: Version, spoken: Version) -> None:
    assert agree(driver) == spoken


@pytest.mark.parametrize(
    ("driver", "upgrade"),
    [(Version(2, 2), "driver"), (Version(1, 9), "driver"), (Version(3, 0), "host")],
)
def test_a_refusal_says_both_versions_and_which_side_to_upgrade(
    driver: Version, upgrade: str
) -> None:
    with pytest.raises(IncompatibleVersionError, match=f"upgrade the {upgrade}") as caught:
        agree(driver)
    assert (caught.value.host_version, caught.value.driver_version) == ("2.5", str(driver))

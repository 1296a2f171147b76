"""Which version two peers speak: the rule, as a pure function. See spec/PROTOCOL.md, "Version"."""

from __future__ import annotations

from typing import Final

from storagedriver.contract import CURRENT_VERSION, IncompatibleVersionError, Version

OLDEST_VERSION: Final = CURRENT_VERSION
"""The oldest minor of the current major that this host still speaks."""


def negotiate(
    driver: Version, *, host: Version = CURRENT_VERSION, oldest: Version = OLDEST_VERSION
) -> Version:
    """Return the version to speak: of the same major, the lower minor.

    Raises IncompatibleVersionError that says which side to upgrade.
    """
    if driver.major != host.major:
        upgrade = "driver" if driver < host else "host"
        raise IncompatibleVersionError(str(host), str(driver), upgrade=upgrade)
    if driver < oldest:
        raise IncompatibleVersionError(str(host), str(driver), upgrade="driver")
    return min(driver, host)

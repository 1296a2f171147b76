"""What a change survives once it has returned: the three tiers, and what each of them syncs."""

from __future__ import annotations

import errno
import logging
import os
from enum import Enum
from functools import cache
from typing import Final

# Some file systems in user space or on a network cannot sync a directory, or anything.
_UNSUPPORTED: Final = {errno.EINVAL, errno.ENOTSUP, errno.ENOSYS}


class Durability(Enum):
    """How much is synced before a change returns. Replacing is atomic in all of them."""

    FULL = "full"
    """Contents and directory entries: what returned survives a power cut."""
    FILE = "file"
    """Contents only: after a power cut an object is the old one or the new one, whole."""
    NONE = "none"
    """Nothing: survives the end of this process, not that of the machine."""

    def sync_content(self, descriptor: int) -> None:
        """Raises OSError; then the content is lost, as the kernel has forgotten what was unwritten.

        Syncing once more would succeed and mean nothing, so nobody may try.
        """
        if self is not Durability.NONE:
            _sync(descriptor)

    def sync_entries(self, directory: int) -> None:
        """Sync the names in a directory. Raises OSError; whether they survive is unknown then."""
        if self is Durability.FULL:
            _sync(directory)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        warn_once(os.strerror(error.errno))


@cache
def warn_once(reason: str) -> None:
    logging.getLogger(__name__).warning("the file system cannot sync everything: %s", reason)

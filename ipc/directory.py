"""The private directory in which the host binds the sockets of one driver process."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from typing import Final

from storagedriver.contract import StorageDriverError
from storagedriver.ipc.limits import MAX_ENDPOINT_BYTES

# A name inside is a channel's number.
_LONGEST_NAME_BYTES: Final = len("/4294967295")

_PREFIX: Final = "sd-"


class SocketDirectory:
    """A directory with mode 0700 that `remove` takes away with all in it.

    Any thread may call it.
    """

    def __init__(self) -> None:
        """Make it where temporary files go, or in /tmp or /dev/shm if that cannot be.

        A socket path ends at about 100 bytes, so a long TMPDIR cannot hold one.

        Raises StorageDriverError that says which places were tried and why they did not do.
        """
        self.path = _make()

    def endpoint(self, number: int) -> str:
        """Return the endpoint of the channel with this number; 0 is the control channel."""
        return f"ipc://{self.path}/{number}"

    def remove(self) -> None:
        """Remove the directory. Removing it twice is no error."""
        # Nearly always it is empty, and then it can be removed with no descriptor free.
        with suppress(OSError):
            os.rmdir(self.path)
        shutil.rmtree(self.path, ignore_errors=True)


def _make() -> str:
    tried: list[str] = []
    # XDG_RUNTIME_DIR is not among them: it is gone when the user logs out.
    for parent in dict.fromkeys((_temporary_directory(), "/tmp", "/dev/shm")):  # noqa: S108 - mkdtemp makes it private
        if parent is None:
            continue
        if (
            len(os.fsencode(f"ipc://{parent}/sd-xxxxxxxx")) + _LONGEST_NAME_BYTES
            >= MAX_ENDPOINT_BYTES
        ):
            tried.append(f"{parent} (too long for a socket path)")
            continue
        try:
            return tempfile.mkdtemp(prefix=_PREFIX, dir=parent)
        except OSError as error:
            tried.append(f"{parent} ({error.strerror})")
    raise StorageDriverError(
        "There is no place for a private socket directory; set TMPDIR to a short, writable one."
        f" Tried: {', '.join(tried)}"
    )


def _temporary_directory() -> str | None:
    # gettempdir keeps its first answer for good, and raises if no candidate is writable.
    with suppress(FileNotFoundError):
        # Absolute: the host may change its directory before it removes this one.
        return os.path.abspath(os.environ.get("TMPDIR") or tempfile.gettempdir())
    return None

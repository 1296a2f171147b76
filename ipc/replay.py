"""What is done about a call that a crash of the driver has ended, so that its caller need not know.

    stat, list, walk, url_for, uploads      made again; a listing goes on behind its last entry
    get_content, put_content                made again
    read_stream                             goes on at its offset, if the content is still the same
    write_stream                            sent again from its own offset, if the reader can seek
    move                                    again if the source is there, done if only the
                                            destination is, else the outcome is unknown
    delete                                  again if something is there, else done
    writer: open, write, cancel             go on at the size that the upload has
    writer: commit                          again if the upload is there, done if it has gone and an
                                            object of its size is there, else unknown

What `write_stream` has stored is never continued: the size that `stat` finds may be somebody
else's. See spec/PROTOCOL.md, "After a crash".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Final

from storagedriver.contract import DriverCrashedError, OutcomeUnknownError
from storagedriver.ipc.events import EventKind
from storagedriver.ipc.pool import ClosedError
from storagedriver.ipc.supervisor import Supervisor

# A call that has ended so many processes is what ends them.
_MAX_REPEATS: Final = 3

_COVERED_BY: Final[Mapping[str, str]] = {
    "Stat": "calls",
    "List": "calls",
    "Walk": "calls",
    "URLFor": "calls",
    "GetContent": "calls",
    "PutContent": "calls",
    "ReadStream": "reads",
    "WriteStream": "writes",
    "Move": "moves",
    "Delete": "deletes",
    "OpenUpload": "uploads",
    "WriteUpload": "uploads",
    "CommitUpload": "uploads",
    "CancelUpload": "uploads",
    "ListUploads": "uploads",
}


@dataclass(frozen=True, slots=True)
class Replay:
    """Which calls survive a crash of the driver. What is switched off raises DriverCrashedError."""

    calls: bool = True
    """stat, list, walk, url_for, get_content and put_content are made again."""
    reads: bool = True
    """Read streams go on where they were."""
    writes: bool = True
    """Write streams are sent again if their reader can seek back."""
    moves: bool = True
    """Moves are made again, or found to be done."""
    deletes: bool = True
    """Likewise deletions."""
    uploads: bool = True
    """Uploads go on at the size that they have."""

    def covers(self, method: str) -> bool:
        """Whether something is done about this call, named as on the wire."""
        return method in _COVERED_BY and bool(getattr(self, _COVERED_BY[method]))


class Repeating:
    """The repeats of one call: how many there may be, and until when. For one thread."""

    def __init__(
        self,
        supervisor: Supervisor,
        method: str,
        path: str,
        *,
        is_covered: bool,
        timeout_seconds: float | None,
    ) -> None:
        self._supervisor = supervisor
        self._method = method
        self._path = path
        self._is_covered = is_covered
        self._deadline = None if timeout_seconds is None else monotonic() + timeout_seconds
        self._repeats = 0

    def prepare(self, crash: DriverCrashedError) -> None:
        """Return when the driver runs again and more may be asked of it.

        Raises `crash` if that may not be, and what starting the driver raises.
        """
        self._repeats += 1
        left = None if self._deadline is None else self._deadline - monotonic()
        if (
            # One that the driver has told of is its answer: a process of its own has ended.
            crash.pid is None
            or not self._is_covered
            or self._repeats > _MAX_REPEATS
            or not self._supervisor.may_repeat
            or (left is not None and left <= 0)
        ):
            raise crash
        try:
            self._supervisor.ready(left)
        except ClosedError:
            raise crash from None

    def tell(self, kind: EventKind) -> None:
        """Tell what was done about the crash."""
        self._supervisor.tell(kind, method=self._method, path=self._path)

    def unknown(self, crash: DriverCrashedError) -> OutcomeUnknownError:
        """Return the error for a call of which nobody can say whether it was done."""
        self.tell(EventKind.OUTCOME_UNKNOWN)
        error = OutcomeUnknownError(self._method, self._path, driver=crash.driver)
        error.__cause__ = crash
        return error

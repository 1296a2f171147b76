"""Rule: what is to go wrong, at which occurrence of which call, and at which point of it."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase
from typing import Final

from storagedriver.ipc.calls import CALLS
from storagedriver.ipc.messages import Wire

ANY_METHOD: Final = "*"
"""Every call of a worker channel: the control channel's must be named."""

READS: Final = frozenset({"GetContent", "ReadStream"})
"""The calls whose content is bytes of one object."""


class Point(Enum):
    """When a rule happens."""

    START = "start"
    """Before the driver connects to its host. Of no call."""
    BEFORE = "before"
    """The request is here, and nothing was done yet."""
    CONTENT = "content"
    """So much content has moved: was handed to the driver, or sent to the host."""
    AFTER = "after"
    """The call was executed, and its response was not sent yet."""


class Fault(Enum):
    """What a rule does. `script` tells at which points, and with which keys."""

    CRASH = "crash"
    """End this process, by a signal or with a status."""
    STOP = "stop"
    """Stand still (SIGSTOP) until somebody continues the process."""
    HANG = "hang"
    """Never go on with the call; other calls go on."""
    HOLD_LOCK = "hold-lock"
    """Hold the interpreter's lock for some seconds: no thread of the process goes on."""
    SLOW = "slow"
    """Wait, then go on. At `content`: again for every further message of content."""
    PRINT = "print"
    """Write to standard output or standard error, then go on."""
    ERROR = "error"
    """Answer with an error."""
    ANSWER = "answer"
    """Answer with a success although nothing was done."""
    FRAMES = "frames"
    """Send raw frames, before the answer or instead of it."""
    DISCONNECT = "disconnect"
    """Close the channel without an answer."""
    ANSWER_TWICE = "answer-twice"
    """Send the response a second time."""
    WRONG_COUNT = "wrong-count"
    """Answer with another count of bytes or entries than there were."""
    END_EARLY = "end-early"
    """Answer a read with success in the middle of its content."""
    EXCEED_CREDIT = "exceed-credit"
    """Send more content than the host has granted, then go on."""
    WRONG_TOKEN = "wrong-token"  # noqa: S105 - the name of a fault
    """Attach with another token."""
    WRONG_VERSION = "wrong-version"
    """Attach with another version."""
    KEEP_RUNNING = "keep-running"
    """Do not exit when the host is gone or has said Shutdown."""
    IGNORE_SIGTERM = "ignore-sigterm"
    """Go on at SIGTERM."""
    LEAVE_CHILD = "leave-child"
    """Start a process that outlives this one."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a script. Which of the later keys mean something depends on `fault`."""

    number: int
    """Its place in the script, from 1."""
    fault: Fault
    point: Point
    method: str = ANY_METHOD
    path: str = "*"
    """A pattern as of a shell. Of a move: the source; of an upload that is open: its id."""
    nth: frozenset[int] | None = frozenset({1})
    """Which calls of those that the rule matches, from 1; None: every one."""
    after_bytes: int | None = None
    after_chunks: int | None = None
    status: int | None = None
    signal: int = signal.SIGKILL
    seconds: float = 0.0
    code: str = ""
    message: str = ""
    temporary: bool = False
    fields: Mapping[str, Wire] = field(default_factory=dict[str, Wire])
    result: Mapping[str, Wire] | None = None
    frames: tuple[tuple[bytes, ...], ...] = ()
    instead: bool = False
    """Whether the frames stand for the answer, or come before it."""
    by: int = 1
    stream: str = "stderr"
    text: str = ""
    times: int = 1
    token: str = "0" * 32
    version: str = "99.0"

    def matches(self, method: str, path: str) -> bool:
        """Whether the rule is about such a call."""
        if self.point is Point.START or not fnmatchcase(path, self.path):
            return False
        return self.method == method or (self.method == ANY_METHOD and not _is_control(method))

    def is_due(self, occurrence: int) -> bool:
        """Whether it happens at this one of the calls that it matches."""
        return self.nth is None or occurrence in self.nth


def _is_control(method: str) -> bool:
    return method in CALLS and CALLS[method].control

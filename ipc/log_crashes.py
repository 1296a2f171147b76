"""Which lines are part of a crash: tracebacks, panics, exceptions that nobody has caught.

Each line is judged when it comes, by those before it. Waiting for the end of such a block, to log
it as one record, needs a clock that says when it is over, delays the last words of a process that
is about to end, and makes one of what two threads write at once.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

# The patterns take time that grows faster than the line: these are all that they need.
_HEAD_CHARACTERS: Final = 1000


class _State(Enum):
    NONE = auto()
    TRACEBACK = auto()
    """In Python's: up to the first line that is not indented, which is the exception."""
    GOROUTINES = auto()
    """In Go's: as long as the lines look like it."""
    RUST_MESSAGE = auto()
    """Rust's message stands in the line after the one that says where."""
    RUST_NOTES = auto()


class CrashReader:
    """Tells the lines of a crash from others. Knows the lines so far of one output."""

    def __init__(self) -> None:
        self._state = _State.NONE

    def begins(self, line: str) -> bool:
        """Return whether a crash is told from this line on."""
        head = line[:_HEAD_CHARACTERS]
        for state, pattern in _BEGINNINGS:
            if pattern.match(head):
                self._state = state
                return True
        return False

    def goes_on(self, line: str) -> bool:
        """Return whether this line, which is not indented, belongs to the crash before it."""
        match self._state:
            case _State.NONE:
                return False
            case _State.TRACEBACK:
                self._state = _State.NONE
                return True
            case _State.RUST_MESSAGE:
                self._state = _State.RUST_NOTES
                return True
            case _State.GOROUTINES:
                pattern = _GO_LINE
            case _State.RUST_NOTES:
                pattern = _RUST_LINE
        if pattern.match(line[:_HEAD_CHARACTERS]):
            return True
        self._state = _State.NONE
        return False


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


_BEGINNINGS: Final = (
    (_State.TRACEBACK, _any_of(r"\s*Traceback \(most recent call last\):")),
    (
        _State.GOROUTINES,
        _any_of(
            r"(?:panic|fatal error): ",
            r"SIG(?:ABRT|BUS|FPE|ILL|QUIT|SEGV): ",
            # Alone, if the program has caught its panic and has words of its own for it.
            r"goroutine \d+ .*\[.*\]:$",
        ),
    ),
    # Since Rust 1.73, and before it.
    (_State.RUST_MESSAGE, _any_of(r"thread '.*' .*panicked at .*:\d+:\d+:$")),
    (
        _State.RUST_NOTES,
        _any_of(r"thread '.*' (?:.*panicked at |has overflowed)", "fatal runtime error: "),
    ),
    (
        _State.NONE,
        _any_of(
            # Python. A group of exceptions is indented up to its end.
            r"\s*\+ .*Traceback \(most recent call last\):",
            r"Fatal Python error: |Exception ignored in: |Exception in thread ",
            r"(?:During handling of|The above exception was) .* exception.*:$",
            r"(?:Current thread|Thread) 0x[0-9a-f]+ .*\(most recent call first\):",
            # C and C++, glibc and the sanitizers.
            r"terminate called |libc\+\+abi: terminating|\*\*\* .* \*\*\*: terminated",
            r"double free|free\(\)|malloc\(\)|corrupted size|.*: Assertion `.*failed",
            r"(?:Segmentation fault|Aborted)(?: \(core dumped\))?$|==\d+==ERROR: \w+Sanitizer",
            # A class of Java, .NET, JavaScript or Python, a code of Node, a colon, what it says.
            r"(?:[A-Za-z_][\w$]*\.)*(?:[A-Z][\w$]*)?(?:Error|Exception|Throwable)"
            r"(?: \[\w+\])?(?:: |$)",
            r"Caused by: |Suppressed: |Unhandled exception[.:]|Uncaught ",
            r"# A fatal error has been detected by the Java Runtime Environment",
        ),
    ),
)

_GO_LINE: Final = re.compile(
    r"(?=\S+\()[\w./-]*\w\.[\w(].*\)$"  # main.(*Server).Serve(0xc000012345, {0x1, 0x2})
    r"|created by |\[(?:signal|recovered|originating) |exit status \d|runtime: |runtime stack:"
    r"|goroutine running on other thread|\.\.\.additional frames elided"
    r"|r\w{1,2} +0x|(?:rip|rflags|[cdefgs]s) +0x"
)
_RUST_LINE: Final = re.compile(r"stack backtrace:|note: ")

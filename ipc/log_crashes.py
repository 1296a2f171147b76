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
        for pattern, state in _BEGINNINGS:
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


_BEGINNINGS: Final = tuple(
    (re.compile(pattern), state)
    for pattern, state in (
        # Python; groups of exceptions indent what is in them.
        (r"\s*(?:\+ )?(?:Exception Group )?Traceback \(most recent call last\):", _State.TRACEBACK),
        (r"(?:Fatal Python error: |Exception ignored in: |Exception in thread )", _State.NONE),
        (r"(?:During handling of|The above exception was) .* exception.*:$", _State.NONE),
        (r"(?:Current thread|Thread) 0x[0-9a-f]+ .*\(most recent call first\):", _State.NONE),
        # Go; a recovered panic begins in the middle, behind the program's own words.
        (
            r"(?:panic|fatal error): |SIG(?:ABRT|BUS|FPE|ILL|QUIT|SEGV): |goroutine \d+ .*\[.*\]:$",
            _State.GOROUTINES,
        ),
        # Rust, before and since 1.73.
        (r"thread '.*' .*panicked at .*:\d+:\d+:$", _State.RUST_MESSAGE),
        (r"thread '.*' .*panicked at |fatal runtime error: ", _State.RUST_NOTES),
        (r"thread '.*' has overflowed its stack", _State.RUST_NOTES),
        # C and C++, glibc and the sanitizers.
        (r"terminate called |libc\+\+abi: terminating|\*\*\* .* \*\*\*: terminated", _State.NONE),
        (
            r"(?:double free|free\(\)|malloc\(\)|corrupted size|.*: Assertion `.*failed)",
            _State.NONE,
        ),
        (r"(?:Segmentation fault|Aborted)(?: \(core dumped\))?$", _State.NONE),
        (r"==\d+==ERROR: \w+Sanitizer", _State.NONE),
        # Java, .NET, JavaScript and the last line of Python's: a class, a colon, and what it says.
        (r"(?:Caused by: |Suppressed: |Unhandled exception[.:]|Uncaught )", _State.NONE),
        (
            r"(?:[A-Za-z_][\w$]*\.)*(?:[A-Z][\w$]*)?(?:Error|Exception|Throwable)(?:: |$)",
            _State.NONE,
        ),
        (r"# A fatal error has been detected by the Java Runtime Environment", _State.NONE),
    )
)

_GO_LINE: Final = re.compile(
    r"(?=\S+\()[\w./-]*\w\.[\w(].*\)$"  # main.(*Server).Serve(0xc000012345, {0x1, 0x2})
    r"|created by |\[(?:signal|recovered|originating) |exit status \d|runtime: |runtime stack:"
    r"|goroutine running on other thread|\.\.\.additional frames elided"
    r"|r\w{1,2} +0x|(?:rip|rflags|[cdefgs]s) +0x"
)
_RUST_LINE: Final = re.compile(r"stack backtrace:|note: ")

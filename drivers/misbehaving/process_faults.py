"""What a process can do wrong by itself, with no message."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final, NoReturn

from storagedriver.drivers.misbehaving.rules import Fault, Rule

# Longer than any test waits, and short enough not to be left for ever if nobody ends it.
_CHILD_SECONDS: Final = "1000"


def _crash(rule: Rule) -> None:
    if rule.status is not None:
        os._exit(rule.status)
    os.kill(os.getpid(), rule.signal)


def _stop(rule: Rule) -> None:
    # Sent to this thread, which then goes no further; it stops the process all the same.
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


def hang() -> NoReturn:
    """Never return; other threads go on."""
    while True:
        threading.Event().wait()


def _hold_lock(rule: Rule) -> None:
    # Imported here: only this fault needs it.
    import ctypes

    # PyDLL calls with the interpreter's lock held, which no call from Python's own library does.
    ctypes.PyDLL(None).poll(None, 0, int(rule.seconds * 1000))


def _slow(rule: Rule) -> None:
    time.sleep(rule.seconds)


def _print(rule: Rule) -> None:
    left = memoryview(rule.text.encode() * rule.times)
    while left:
        left = left[os.write(1 if rule.stream == "stdout" else 2, left) :]


def _ignore_sigterm(rule: Rule) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _leave_child(rule: Rule) -> None:
    # A session of its own: what ends the driver's process group does not end it.
    os.posix_spawnp("sleep", ["sleep", _CHILD_SECONDS], os.environ, setsid=True)


PROCESS_FAULTS: Final[Mapping[Fault, Callable[[Rule], None]]] = {
    Fault.CRASH: _crash,
    Fault.STOP: _stop,
    Fault.HANG: lambda rule: hang(),
    Fault.HOLD_LOCK: _hold_lock,
    Fault.SLOW: _slow,
    Fault.PRINT: _print,
    Fault.IGNORE_SIGTERM: _ignore_sigterm,
    Fault.LEAVE_CHILD: _leave_child,
}
"""Each returns if the process goes on. To be called by the main thread at the start, and else by
the thread of the call."""

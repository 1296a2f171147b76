"""Large contents: how fast they go there and back, and what that costs in CPU time and memory."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter_ns
from typing import Final

from storagedriver.benchmarks.amounts import WHOLE_MIB
from storagedriver.benchmarks.processes import (
    Memory,
    child_memory,
    cpu_seconds,
    host_memory,
    reset_peaks,
)
from storagedriver.benchmarks.subject import Subject, running
from storagedriver.benchmarks.work import Better, Figures, Setting, Work, WorkItem
from storagedriver.contract import StorageDriverError

_KEY: Final = "/large"
_MIB: Final = 1 << 20
_GIB: Final = 1 << 30


class _OneProcess:
    """The memory of one of the two processes."""

    def __init__(self, name: str, process: str) -> None:
        self.now = WorkItem(f"{name}, memory of the {process}", "MiB")
        self.peak = WorkItem(f"{name}, peak memory of the {process}", "MiB")
        self.over_idle = WorkItem(f"{name}, memory over idle of the {process}", "MiB")
        self.items = self.now, self.peak, self.over_idle

    def figures(self, before: Memory, after: Memory) -> Figures:
        return {
            self.now: after.now_bytes / _MIB,
            self.peak: after.peak_bytes / _MIB,
            self.over_idle: (after.peak_bytes - before.now_bytes) / _MIB,
        }


class _OneWay:
    """The figures of streaming in one direction."""

    def __init__(self, name: str) -> None:
        self._speed = WorkItem(name, "MB/s", Better.HIGHER)
        self._cpu = WorkItem(f"{name}, CPU of 1 GiB", "s")
        self._host = _OneProcess(name, "host")
        self._driver = _OneProcess(name, "driver")
        self.items = (self._speed, self._cpu, *self._host.items, *self._driver.items)

    def measure(self, subject: Subject, stream: Callable[[], int], size_bytes: int) -> Figures:
        """Run `stream`, which returns how many bytes went through. They must be `size_bytes`."""
        child = subject.child_pid
        reset_peaks(child)
        host_before = host_memory()
        child_before = None if child is None else child_memory(child)
        cpu_before = cpu_seconds(child)
        began = perf_counter_ns()
        streamed = stream()
        elapsed = perf_counter_ns() - began
        cpu = cpu_seconds(child) - cpu_before
        check_size(subject, streamed, size_bytes)
        figures = {
            self._speed: size_bytes / elapsed * 1e3,  # bytes in a nanosecond are GB in a second
            self._cpu: cpu / size_bytes * _GIB,
            **self._host.figures(host_before, host_memory()),
        }
        if child is not None and child_before is not None:
            figures |= self._driver.figures(child_before, child_memory(child))
        return figures


def check_size(subject: Subject, actual_bytes: int, expected_bytes: int) -> None:
    """Raise StorageDriverError if they differ: a stream cut short would be a fast one."""
    if actual_bytes != expected_bytes:
        raise StorageDriverError(
            f"{subject.name} has moved {actual_bytes} bytes instead of {expected_bytes}"
        )


def consume(subject: Subject, key: str) -> int:
    """Read a content to its end as a light user would; return its size in bytes."""
    size = 0
    for chunk in subject.read_stream(key):
        # The memory is looked at, or else it need not be there.
        size += len(chunk) + 0 * (chunk[0] + chunk[-1])
    return size


_WRITE: Final = _OneWay("write stream")
_READ: Final = _OneWay("read stream")
_WHOLE: Final = {mib: WorkItem(f"get {mib} MiB whole", "ms") for mib in WHOLE_MIB}


def _there_and_back(subject: Subject, setting: Setting) -> Figures:
    content = setting.content
    size_bytes = content.stream_bytes
    with running(subject):
        subject.put(_KEY, content.small)  # loads and opens what a first write needs
        written = _WRITE.measure(
            subject, lambda: subject.write_stream(_KEY, content.reader()), size_bytes
        )
        read = _READ.measure(subject, lambda: consume(subject, _KEY), size_bytes)
    return {**written, **read}


def _get_whole(subject: Subject, setting: Setting) -> Figures:
    figures: dict[WorkItem, float] = {}
    with running(subject):
        for mib, item in _WHOLE.items():
            size_bytes = mib * _MIB
            subject.put(_KEY, setting.content.whole(size_bytes))
            times = [_get_ms(subject, size_bytes) for _ in range(setting.amounts.whole_gets)]
            figures[item] = median(times)
    return figures


def _get_ms(subject: Subject, size_bytes: int) -> float:
    began = perf_counter_ns()
    content = subject.get(_KEY)
    elapsed = perf_counter_ns() - began
    check_size(subject, len(content), size_bytes)
    return elapsed / 1e6


STREAMS: Final = Work("streams", (*_WRITE.items, *_READ.items), _there_and_back)
WHOLE: Final = Work("whole", tuple(_WHOLE.values()), _get_whole)

"""How soon callers learn that a driver was killed, and how soon their calls succeed again.

Run it as `python -m storagedriver.benchmarks.crashes`.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Final

from storagedriver.benchmarks.summary import summarise
from storagedriver.contract import DriverCrashedError, StorageDriver
from storagedriver.drivers.factory import launch
from storagedriver.ipc.client import IPCStorageDriver

# For callers to be where they wait.
_WAITING_SECONDS: Final = 0.05
_LOOK_SECONDS: Final = 0.001

# What several messages take, so that a stream of it holds its channel.
_STREAM_BYTES: Final = 6 << 20
_STREAM: Final = "/stream"


@dataclass(frozen=True, slots=True)
class Timing:
    """One figure, of each kill, in milliseconds."""

    name: str
    milliseconds: tuple[float, ...]
    goal_milliseconds: float | None = None
    """What the median is to be below."""

    def __str__(self) -> str:
        summary = summarise(self.milliseconds)
        if summary is None:
            return f"{self.name:52} none"
        range_ = f"{summary.median:8.1f}  [{summary.least:.1f} .. {summary.most:.1f}]"
        goal = "" if self.goal_milliseconds is None else f"  goal {self.goal_milliseconds:g}"
        return f"{self.name:52} {range_:30}{goal}"


def time_crashes(kills: int, callers: int) -> list[Timing]:
    """Kill a driver again and again; return what that takes.

    `callers` is how many threads call at once where it is not one. Raises what the driver raises.
    """
    with tempfile.TemporaryDirectory(prefix="crashes-") as directory:
        parameters: dict[str, object]
        parameters = {"rootdirectory": str(Path(directory, "store")), "durability": "none"}
        with launch("filesystem", parameters) as driver:
            driver.put_content(_STREAM, bytes(_STREAM_BYTES))
        notices = [_notice(parameters, (1, callers)[number % 2]) for number in range(2 * kills)]
        recoveries = [
            _recovery(parameters, (1, callers)[number % 2]) for number in range(2 * kills)
        ]
    one, many = notices[::2], notices[1::2]
    alone, together = recoveries[::2], recoveries[1::2]
    return [
        Timing("kill to the exception of a waiting caller", _milliseconds(one), 50),
        Timing(f"kill to the last exception of {callers} callers", _milliseconds(many)),
        Timing("start to the first answer", _milliseconds([start for start, _ in recoveries])),
        Timing("kill to the next answer", _milliseconds([end for _, end in alone])),
        Timing("the same without that start", _milliseconds([b - a for a, b in alone]), 100),
        Timing(
            f"kill to the last answer of {callers} callers", _milliseconds([b for _, b in together])
        ),
        Timing("the same without that start", _milliseconds([b - a for a, b in together])),
    ]


def _notice(parameters: dict[str, object], callers: int) -> float:
    """Return the seconds from a kill until the last caller has its exception."""
    with launch("filesystem", parameters, restart=None) as driver:
        _open_channels(driver, callers)
        _stop(driver)
        return _until_all(callers, lambda: _crash(driver), lambda: _kill(driver))


def _recovery(parameters: dict[str, object], callers: int) -> tuple[float, float]:
    """Return the seconds from a start to the first answer, and from a kill to the last answer of
    calls that it ended."""
    began = perf_counter()
    with launch("filesystem", parameters) as driver:
        driver.stat("/")
        started = perf_counter()
        _open_channels(driver, callers)
        _stop(driver)
        recovered = _until_all(callers, lambda: driver.stat("/"), lambda: _kill(driver))
        return started - began, recovered


def _open_channels(driver: StorageDriver, count: int) -> None:
    """Have so many channels open and idle, as a driver has that was in use for a while."""
    with ExitStack() as streams:
        for _ in range(count):
            streams.enter_context(driver.read_stream(_STREAM))


def _stop(driver: IPCStorageDriver) -> None:
    """Have the process stand still: it answers nothing, so that all who call it wait."""
    os.kill(driver.pid, signal.SIGSTOP)
    while not all(_is_stopped(task) for task in Path(f"/proc/{driver.pid}/task").iterdir()):
        time.sleep(_LOOK_SECONDS)


def _is_stopped(task: Path) -> bool:
    # Behind the name, which is in brackets and may hold anything.
    return (task / "stat").read_text().rpartition(")")[2].split()[0] == "T"


def _until_all(callers: int, call: Callable[[], object], act: Callable[[], None]) -> float:
    """Return the seconds from `act`, while all wait in `call`, until the last of them returns."""
    ends: list[float] = []

    def run() -> None:
        call()
        ends.append(perf_counter())

    threads = [threading.Thread(target=run) for _ in range(callers)]
    for thread in threads:
        thread.start()
    time.sleep(_WAITING_SECONDS)
    began = perf_counter()
    act()
    for thread in threads:
        thread.join()
    if len(ends) < callers:
        raise RuntimeError("a call has ended in another way than it should")
    return max(ends) - began


def _kill(driver: IPCStorageDriver) -> None:
    os.kill(driver.pid, signal.SIGKILL)


def _crash(driver: StorageDriver) -> None:
    try:
        driver.stat("/")
    except DriverCrashedError:
        return
    raise RuntimeError("a driver that was killed has answered")


def _milliseconds(seconds: Sequence[float]) -> tuple[float, ...]:
    return tuple(one * 1000 for one in seconds)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        prog="python -m storagedriver.benchmarks.crashes", description=__doc__
    )
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--callers", type=int, default=32)
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    arguments = parser.parse_args()
    # Each crash is logged as a warning.
    logging.getLogger("storagedriver").addHandler(logging.NullHandler())
    timings = time_crashes(arguments.kills, arguments.callers)
    if arguments.json:
        print(json.dumps({timing.name: timing.milliseconds for timing in timings}))
        return
    print(f"{'milliseconds, ' + str(arguments.kills) + ' kills each':52}   median  [range]")
    for timing in timings:
        print(timing)


if __name__ == "__main__":
    main()

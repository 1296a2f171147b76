"""A soak from its start to its end: threads, a killer, pauses in which everything is looked at."""

from __future__ import annotations

import faulthandler
import os
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from storagedriver.benchmarks.soak.audit import audit
from storagedriver.benchmarks.soak.calls import Calls
from storagedriver.benchmarks.soak.census import Census
from storagedriver.benchmarks.soak.faults import DriverProcesses, Killer
from storagedriver.benchmarks.soak.gate import Gate
from storagedriver.benchmarks.soak.material import Material
from storagedriver.benchmarks.soak.report import SoakReport
from storagedriver.benchmarks.soak.shared import SharedObjects
from storagedriver.benchmarks.soak.stories import Stories, ViolationError
from storagedriver.benchmarks.soak.tally import Tally
from storagedriver.benchmarks.soak.worker import Worker
from storagedriver.contract import StorageDriverError
from storagedriver.drivers.factory import create, launch
from storagedriver.drivers.staging import DIRECTORY_NAME, STALE_SECONDS
from storagedriver.ipc.client import IPCStorageDriver
from storagedriver.ipc.events import EventKind

# A call that hangs is found by its timeout, repeated after that, and given up after some repeats.
_PARKING_SECONDS: Final = 120.0
_SHARED_OBJECTS: Final = 8

# A start that stands still is found out after this, and nobody has an answer until then.
_START_SECONDS: Final = 10.0

# One is enough to know. The others would often come of the same.
_MOST_VIOLATIONS: Final = 10


@dataclass(frozen=True, slots=True)
class SoakSettings:
    """What is run."""

    seconds: float
    seed: int
    threads: int = 32
    durability: str = "none"
    timeout_seconds: float = 2.0
    """Of a call without progress: short, as some processes stand still until that is over."""
    interval_seconds: float = 0.3
    """How long a process lives after its first answer, on average."""
    audits: int = 4
    """How often everything is looked at, the end included."""


class Soak:
    """One run, made by `run`."""

    def __init__(
        self, settings: SoakSettings, *, tell: Callable[[str], None] = lambda text: None
    ) -> None:
        """`tell` is called with a line of text now and then."""
        self._settings = settings
        self._tell = tell
        self._began = time.monotonic()
        self._tally = Tally()
        self._shared = SharedObjects([f"/shared/s{number}" for number in range(_SHARED_OBJECTS)])
        self._violations: list[str] = []
        self._has_violations = threading.Event()
        self._is_over = False
        self._gate = Gate(settings.threads)
        self._killer_gate = Gate(1)
        self._processes = DriverProcesses()
        self._audits = 0
        self._first_census: Census | None = None
        self._last_census: Census | None = None
        self._workers: list[Worker] = []
        self._killer: Killer
        self._driver: IPCStorageDriver

    def run(self) -> SoakReport:
        """Run to the end, or to the first violation.

        Raises what starting the driver raises.
        """
        with tempfile.TemporaryDirectory(prefix="soak-") as directory:
            root = Path(directory, "store")
            parameters = {"rootdirectory": str(root), "durability": self._settings.durability}
            before = Census.now()
            self._driver = launch(
                "filesystem",
                parameters,
                timeout_seconds=self._settings.timeout_seconds,
                start_timeout_seconds=_START_SECONDS,
                on_event=self._processes.on_event,
            )
            try:
                self._run_threads(root)
            finally:
                self._driver.close()
                self._processes.close()
            with create("filesystem", parameters) as driver:
                self._note(audit(driver, self._workers, self._shared))
            self._look_at_the_end(before)
        return self._report()

    def _run_threads(self, root: Path) -> None:
        threads = self._start_threads()
        try:
            for number in range(1, self._settings.audits + 1):
                end = self._began + self._settings.seconds * number / self._settings.audits
                self._has_violations.wait(max(0.0, end - time.monotonic()))
                self._pause(root)
                if self._has_violations.is_set():
                    break
        finally:
            self._is_over = True
            self._killer.end()
            for gate in (self._gate, self._killer_gate):
                gate.open()
            for thread in threads:
                thread.join(_PARKING_SECONDS)

    def _start_threads(self) -> list[threading.Thread]:
        settings = self._settings
        material = Material(settings.seed)
        for number in range(settings.threads):
            calls = Calls(
                self._driver,
                self._tally,
                Stories(self._began),
                generation=lambda: self._driver.counters[EventKind.READY],
            )
            name = f"t{number:02}"
            self._workers.append(Worker(name, calls, self._shared, material, seed=settings.seed))
        self._killer = Killer(
            self._driver,
            self._processes,
            self._killer_gate,
            seed=settings.seed,
            interval_seconds=settings.interval_seconds,
            answers=lambda: self._tally.answers,
        )
        # As daemons: one that does not come back is told of, and must not hold up the end.
        threads = [
            threading.Thread(target=self._work, args=(worker,), name=worker.name, daemon=True)
            for worker in self._workers
        ]
        threads.append(threading.Thread(target=self._kill, name="killer", daemon=True))
        for thread in threads:
            thread.start()
        return threads

    def _work(self, worker: Worker) -> None:
        try:
            while not self._is_over:
                worker.step()
                self._gate.pass_through()
            worker.uploading.finish()
        except BaseException as error:  # noqa: BLE001 - it is told, whatever it is
            self._note([_told(worker.name, error)])
            self._gate.leave()

    def _kill(self) -> None:
        try:
            self._killer.run()
        except BaseException as error:  # noqa: BLE001 - as above
            self._note([_told("killer", error)])
            self._killer_gate.leave()

    def _pause(self, root: Path) -> None:
        """Let nobody call, look at everything, and let them go on."""
        self._tally.pause()
        if not self._gate.close(_PARKING_SECONDS):
            self._note(self._stuck())
            return
        # Not before the others: they may be waiting for a process to be killed.
        self._killer_gate.close(_PARKING_SECONDS)
        self._note_if_given_up()
        if not self._has_violations.is_set():
            self._look_around(root)
        self._tally.resume()
        if not self._has_violations.is_set():
            self._killer_gate.open()
            self._gate.open()

    def _look_around(self, root: Path) -> None:
        try:
            self._replace_process(root)
            self._note(audit(self._driver, self._workers, self._shared))
        except StorageDriverError as error:
            self._note([f"while nothing was done to the driver it raised {error!r}"])
        self._take_census()
        self._audits += 1
        self._tell(self._progress())

    def _replace_process(self, root: Path) -> None:
        """Have a process that has served nobody, and that has swept what its predecessors left."""
        _make_old(root / DIRECTORY_NAME)
        self._processes.signal(signal.SIGKILL)
        self._driver.stat("/")
        left = list((root / DIRECTORY_NAME).glob("*"))
        self._note([f"{path}: was not swept" for path in left])

    def _take_census(self) -> None:
        if self._first_census is None:
            self._first_census = Census.now()
            return
        self._last_census = Census.settled(self._first_census)
        self._note(self._last_census.growth_since(self._first_census))

    def _look_at_the_end(self, before: Census) -> None:
        # What this process holds itself is judged by the censuses, once all of it has been in use.
        self._note(Census.now().of_processes().growth_since(before))

    def _note_if_given_up(self) -> None:
        if self._driver.counters[EventKind.GAVE_UP]:
            self._note(["the driver was given up"])

    def _note(self, violations: list[str]) -> None:
        if violations:
            self._violations += violations
            self._has_violations.set()

    def _stuck(self) -> list[str]:
        calls = {worker.name: worker.calls.current for worker in self._workers}
        waiting = [f"{name} has not returned from {call!r}" for name, call in calls.items() if call]
        with tempfile.TemporaryFile("w+") as file:
            faulthandler.dump_traceback(file)
            file.seek(0)
            return [*waiting, file.read()]

    def _progress(self) -> str:
        counters = self._driver.counters
        calls = sum(sum(outcomes.values()) for outcomes in self._tally.outcomes.values())
        return (
            f"{time.monotonic() - self._began:.0f} s: {calls} calls,"
            f" {counters[EventKind.CRASHED] + counters[EventKind.HUNG]} processes ended,"
            f" {len(self._violations)} violations; {self._last_census or self._first_census}"
        )

    def _report(self) -> SoakReport:
        settings = self._settings
        return SoakReport(
            seed=settings.seed,
            threads=settings.threads,
            durability=settings.durability,
            seconds=time.monotonic() - self._began,
            calls=self._tally.outcomes,
            faults=self._killer.faults,
            events={kind.value: count for kind, count in self._driver.counters.items()},
            largest_gap_seconds=self._tally.largest_gap_seconds,
            audits=self._audits,
            first_census=self._first_census,
            last_census=self._last_census,
            violations=tuple(self._violations[:_MOST_VIOLATIONS]),
        )


def _told(name: str, error: BaseException) -> str:
    if isinstance(error, ViolationError):
        return f"{name}: {error}"
    return f"{name}: {''.join(traceback.format_exception(error))}"


def _make_old(directory: Path) -> None:
    """Let what crashes have left pass for older than it is, so that the next process sweeps it."""
    old = time.time() - 2 * STALE_SECONDS
    if directory.is_dir():
        for path in directory.iterdir():
            os.utime(path, (old, old))

"""Misbehaving drivers to start, each with the rules of its test."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from storagedriver.drivers.misbehaving.journal import Entry, read_journal
from storagedriver.ipc import IPCStorageDriver, Ladder

PATIENCE_SECONDS = 30.0
PROGRAM = [sys.executable, "-m", "storagedriver.drivers.executables.misbehaving"]

Rules = Sequence[Mapping[str, object]]
Start = Callable[..., IPCStorageDriver]


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "script.json"


@pytest.fixture
def start(script: Path) -> Iterator[Start]:
    """Starts a driver with rules; none is started again by itself, and all are closed in the end.

    Without rules it is started with those of the last time.
    """
    with ExitStack() as stack:

        def start_one(
            rules: Rules | None = None,
            *,
            timeout_seconds: float = PATIENCE_SECONDS,
            **parameters: object,
        ) -> IPCStorageDriver:
            if rules is not None:
                script.write_text(json.dumps({"rules": list(rules)}))
            driver = IPCStorageDriver.start(
                PROGRAM,
                {"script": str(script), **parameters},
                name="misbehaving",
                timeout_seconds=timeout_seconds,
                restart=None,
                ladder=Ladder(calls=0.2, shutdown=0.5, terminate=0.2),
            )
            return stack.enter_context(driver)

        yield start_one


@pytest.fixture
def noted(script: Path) -> Callable[[str], list[tuple[str, str]]]:
    """Tells the steps of a method in the journal, each with its detail."""

    def of_method(method: str) -> list[tuple[str, str]]:
        entries: list[Entry] = read_journal(f"{script}.journal")
        return [(entry.step.value, entry.detail) for entry in entries if entry.method == method]

    return of_method

"""go-plugin: gRPC between two programs in Go, which measure themselves."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final, cast

from storagedriver.benchmarks.amounts import SMALL_BYTES, THREAD_COUNTS, WHOLE_MIB
from storagedriver.benchmarks.peers.child import PeerError, private_directory, run_to_end
from storagedriver.benchmarks.programs import ProgramError, run
from storagedriver.benchmarks.work import Figures, Setting, Work

_SOURCES: Final = Path(__file__).parent / "go"

# The first time all of gRPC is compiled, and fetched before.
_BUILD_SECONDS: Final = 600.0

# A work takes seconds, or a minute at its fullest.
_WORK_SECONDS: Final = 600.0


class GoPlugin:
    """See `work.MeasuresItself`. Calls from Python would measure Python and not go-plugin."""

    name = "go-plugin"

    def __init__(self, program: str) -> None:
        self._program = program

    def measure(self, work: Work, setting: Setting) -> Figures:
        """As the protocol says. Raises PeerError if the program fails, or knows other figures."""
        task = {
            **asdict(setting.amounts),
            "work": work.name,
            "small_bytes": SMALL_BYTES,
            "thread_counts": THREAD_COUNTS,
            "whole_mib": WHOLE_MIB,
        }
        command = self._program, json.dumps(task)
        told = run_to_end(command, limit_seconds=_WORK_SECONDS)
        found = cast("dict[str, float]", json.loads(told))
        items = {item.name: item for item in work.items}
        if unknown := found.keys() - items.keys():
            raise PeerError(f"{self.name} has measured what is no item: {sorted(unknown)}")
        return {items[name]: value for name, value in found.items()}


@contextmanager
def built() -> Generator[GoPlugin, None, None]:
    """Give go-plugin, built in a directory that is removed afterwards.

    Raises PeerError if there is no Go, or it cannot build this, as it is too old or has no network
    and the modules are not there.
    """
    if shutil.which("go") is None:
        raise PeerError("go-plugin needs Go, which is not installed: https://go.dev/dl")
    with private_directory() as directory:
        program = os.path.join(directory, "go-plugin")
        command = ["go", "build", "-C", str(_SOURCES), "-buildvcs=false", "-o", program, "."]
        try:
            run(command, limit_seconds=_BUILD_SECONDS)
        except ProgramError as error:
            raise PeerError(f"go-plugin: {error}") from error
        yield GoPlugin(program)

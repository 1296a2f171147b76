"""The filesystem driver keeps the contract, here and in a process of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager

from storagedriver.conformance import in_process_suite, ipc_suite


@contextmanager
def fresh_directory() -> Generator[Mapping[str, object], None, None]:
    with tempfile.TemporaryDirectory() as directory:
        yield {"rootdirectory": directory}


TestFilesystem = in_process_suite("filesystem", fresh_directory)
TestFilesystemOverIPC = ipc_suite("filesystem", fresh_directory)

"""The filesystem driver keeps the contract, here and in a process of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import pytest

from storagedriver.conformance import in_process_suite, ipc_suite


@contextmanager
def fresh_directory() -> Generator[Mapping[str, object], None, None]:
    with tempfile.TemporaryDirectory() as directory:
        yield {"rootdirectory": directory}


TestFilesystem = in_process_suite("filesystem", fresh_directory)
TestFilesystemOverIPC = ipc_suite("filesystem", fresh_directory)

# With the sizes of the original suite: objects of gigabytes, hundreds of megabytes at once.
TestFilesystemInFull = pytest.mark.full(in_process_suite("filesystem", fresh_directory, full=True))
TestFilesystemOverIPCInFull = pytest.mark.full(ipc_suite("filesystem", fresh_directory, full=True))

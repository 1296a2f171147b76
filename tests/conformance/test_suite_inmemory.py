"""The inmemory driver keeps the contract, here and in a process of its own."""

from __future__ import annotations

import pytest

from storagedriver.conformance import in_process_suite, ipc_suite

TestInMemory = in_process_suite("inmemory")
TestInMemoryOverIPC = ipc_suite("inmemory")

# With the sizes of the original suite.
TestInMemoryInFull = pytest.mark.full(in_process_suite("inmemory", full=True))
TestInMemoryOverIPCInFull = pytest.mark.full(ipc_suite("inmemory", full=True))

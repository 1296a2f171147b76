"""The inmemory driver keeps the contract, here and in a process of its own."""

from __future__ import annotations

from storagedriver.conformance import in_process_suite, ipc_suite

TestInMemory = in_process_suite("inmemory")
TestInMemoryOverIPC = ipc_suite("inmemory")

"""Every case of the suite, in this process and in one of the driver's own."""

from storagedriver.conformance import in_process_suite, ipc_suite

TestInProcess = in_process_suite("dictionary")
TestOverIPC = ipc_suite("dictionary")

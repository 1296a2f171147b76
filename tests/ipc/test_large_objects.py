"""Objects far larger than memory should hold pass through both processes without staying there."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import psutil
import pytest

from storagedriver.drivers.factory import launch

MEBIBYTE = 1 << 20
GROWTH_LIMIT_BYTES = 64 * MEBIBYTE


class Generated:
    """A reader of `size_bytes` of content that no two chunks share, made as it is read."""

    def __init__(self, size_bytes: int) -> None:
        self._left = size_bytes
        self._block = bytearray(os.urandom(MEBIBYTE))
        self._count = 0
        self.digest = hashlib.blake2b()

    def read(self, size: int, /) -> bytes:
        self._count += 1
        self._block[:8] = self._count.to_bytes(8, "little")
        piece = bytes(self._block[: min(size, self._left)])
        self._left -= len(piece)
        self.digest.update(piece)
        return piece


class PeakMemory:
    """The most that a process had resident since the peak was reset, in bytes."""

    def __init__(self, pid: int) -> None:
        self._process = Path(f"/proc/{pid}")
        self._process.joinpath("clear_refs").write_text("5")
        self._before = psutil.Process(pid).memory_info().rss

    def growth_bytes(self) -> int:
        for line in self._process.joinpath("status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 - self._before
        raise RuntimeError("this system does not tell the peak of a process")


@pytest.mark.parametrize(
    "size_bytes", [256 * MEBIBYTE, pytest.param(5 << 30, marks=pytest.mark.full)]
)
def test_stream_of_any_size_needs_no_more_memory(
    size_bytes: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with launch("filesystem", {"rootdirectory": str(tmp_path)}) as driver:
        driver.put_content("/small", b"everything that is loaded on first use is loaded now")
        driver.read_stream("/small").close()
        host, child = PeakMemory(os.getpid()), PeakMemory(driver.pid)
        source, began = Generated(size_bytes), time.monotonic()
        assert driver.write_stream("/large", 0, source) == size_bytes
        written = time.monotonic()
        digest = hashlib.blake2b()
        with driver.read_stream("/large") as stream:
            for chunk in stream:
                digest.update(chunk)
        read = time.monotonic()
        assert digest.digest() == source.digest.digest()
        growth = host.growth_bytes(), child.growth_bytes()
        driver.delete("/large")
    with capsys.disabled():
        print(
            f"\n{size_bytes / MEBIBYTE:,.0f} MiB: written in {written - began:.1f} s, read in"
            f" {read - written:.1f} s; the host grew by {growth[0] / MEBIBYTE:.1f} MiB,"
            f" the driver by {growth[1] / MEBIBYTE:.1f} MiB"
        )
    assert max(growth) < GROWTH_LIMIT_BYTES

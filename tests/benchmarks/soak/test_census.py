from __future__ import annotations

import os
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

from storagedriver.benchmarks.soak.census import Census


def test_what_is_opened_is_counted() -> None:
    before = Census.now()
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    reading, writing = os.pipe()
    directory = Path(tempfile.mkdtemp(prefix="sd-"))
    Path(directory, "socket").touch()
    growth = Census.now().growth_since(before)
    end.set()
    thread.join()
    os.close(reading)
    os.close(writing)
    Path(directory, "socket").unlink()
    directory.rmdir()
    assert [sentence.split()[0] for sentence in growth] == [
        "threads",
        "descriptors",
        "socket_directories",
    ]
    assert Census.settled(before).growth_since(before) == []


def test_memory_may_grow_by_what_the_allocator_keeps() -> None:
    before = Census.now()
    some = replace(before, memory_bytes=before.memory_bytes + (10 << 20))
    much = replace(before, memory_bytes=before.memory_bytes + (1 << 30))
    assert some.growth_since(before) == []
    assert len(much.growth_since(before)) == 1

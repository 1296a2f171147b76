"""Many calls at once, of many paths and of one."""

from __future__ import annotations

import hashlib
import io
import random
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from storagedriver.conformance.case import case
from storagedriver.conformance.checking import require, require_content, require_equal
from storagedriver.conformance.store import KIB, MIB, Store
from storagedriver.conformance.together import Background, run_together
from storagedriver.contract import ContentChangedError, PathNotFoundError


def _together_seconds(store: Store) -> float:
    return store.pick(quick=30.0, full=900.0)


@case("2015 ConcurrentStreamReads", "read_stream")
def concurrent_reads(store: Store) -> None:
    """10 readers at random offsets of one object of 4 MiB (full: 128 MiB) each get its rest."""
    path = store.path()
    content = store.content(store.pick(quick=4 * MIB, full=128 * MIB))
    store.driver.put_content(path, content)

    def read(offset: int) -> str:
        digest = hashlib.sha256()
        with store.driver.read_stream(path, offset) as stream:
            for chunk in stream:
                digest.update(chunk)
        return digest.hexdigest()

    offsets = [store.random.randrange(len(content)) for _ in range(10)]
    calls = [partial(read, offset) for offset in offsets]
    digests = run_together(calls, timeout_seconds=_together_seconds(store))
    expected = [hashlib.sha256(content[offset:]).hexdigest() for offset in offsets]
    require_equal(digests, expected, "what the readers got")


@case("read_stream", "also streams at once")
def stream_handed_to_another_thread(store: Store) -> None:
    """A stream that one thread has opened can be read and closed by another."""
    content = store.content(2 * MIB)
    store.driver.put_content("/a", content)
    stream = store.driver.read_stream("/a")
    first = stream.read(1000)

    def finish() -> bytes:
        with stream:
            return stream.read()

    rest = Background(finish).result()
    require_content(first + rest, content, "what two threads have read")
    store.check_content("/a", content)


@case("2015 ConcurrentFileStreams", "write_stream")
def concurrent_writes_from_files(store: Store) -> None:
    """32 writers store 128 KiB (full: 32 MiB) each from files, at the same time."""
    size_bytes = store.pick(quick=128 * KIB, full=32 * MIB)
    block = store.content(size_bytes)

    def content_of(number: int) -> bytes:
        return number.to_bytes(8, "big") + block[8:]

    with tempfile.TemporaryDirectory() as directory:

        def write(number: int) -> int:
            file = Path(directory, str(number))
            file.write_bytes(content_of(number))
            with file.open("rb") as reader:
                return store.driver.write_stream(f"/files/{number}", 0, reader)

        calls = [partial(write, number) for number in range(32)]
        written = run_together(calls, timeout_seconds=_together_seconds(store))
    require_equal(written, [size_bytes] * 32, "bytes written")
    for number in range(32):
        found = store.read(f"/files/{number}")
        require_content(found, content_of(number), f"content of file {number}")


@case("edge 19", "put_content")
def concurrent_puts_of_one_path(store: Store) -> None:
    """Of 16 put_contents of one path at once exactly one whole content wins."""
    path = store.path()
    for size_bytes in (100, 200 * KIB):
        contents = [bytes([number]) * (size_bytes + number) for number in range(16)]
        run_together([partial(store.driver.put_content, path, content) for content in contents])
        require(store.unrecorded.get_content(path) in contents, "the content is none of those put")
        store.check_listing(path.rpartition("/")[0], [path])


@case("edge 19", "edge 20", "put_content", "get_content")
def reads_during_puts(store: Store) -> None:
    """Readers of a path that is being put over and over always see one whole content."""
    path = store.path()
    contents = [bytes([number]) * size for number, size in enumerate((300 * KIB, 200 * KIB, 10))]
    store.driver.put_content(path, contents[0])

    def put() -> None:
        for number in range(30):
            store.driver.put_content(path, contents[number % 3])

    def read() -> None:
        for number in range(30):
            if number % 2:
                found = store.driver.get_content(path)
            else:
                try:
                    with store.driver.read_stream(path) as stream:
                        found = stream.read()
                except ContentChangedError:
                    # A stream may say so. Whoever asks for all at once gets it all.
                    continue
            require(found in contents, f"a reader got {len(found)} bytes that are a mixture")

    run_together([put, put, read, read, read], timeout_seconds=_together_seconds(store))


@case("list", "also listing while changing", "also pruning races", "edge 16")
def listing_while_others_change(store: Store) -> None:
    """What stays is listed and walked, in order and once, while other entries come and go."""
    staying = [f"/dir/s{number}" for number in range(10)]
    for path in staying:
        store.driver.put_content(path, b"stays")

    def change() -> None:
        for number in range(40):
            path = f"/dir/{'atz'[number % 3]}{number}"
            store.driver.put_content(path, b"comes")
            store.driver.delete(path)

    def look() -> None:
        for _ in range(20):
            for found in (
                store.driver.list("/dir"),
                [info.path for info in store.driver.walk("/")],
            ):
                require_equal([path for path in found if "/s" in path], staying, "what stays")
                require(found == sorted(set(found)), f"out of order or twice: {found}")

    run_together([change, look, look], timeout_seconds=_together_seconds(store))
    store.check_listing("/dir", staying)


@case("edge 16", "also pruning races")
def puts_into_directories_that_empty(store: Store) -> None:
    """Puts into a directory that others empty all the time never fail for want of a parent."""

    def come_and_go(name: str) -> None:
        for number in range(25):
            path = f"/dir/sub/{name}"
            if number % 2:
                store.driver.put_content(path, name.encode())
            else:
                store.driver.write_stream(path, 0, io.BytesIO(name.encode()))
            require_equal(store.driver.get_content(path), name.encode(), f"content of {path}")
            if number % 3:
                store.driver.delete(path)
            else:
                store.driver.move(path, f"/moved/{name}")

    calls = [partial(come_and_go, name) for name in ("a", "b", "c", "d")]
    run_together(calls, timeout_seconds=_together_seconds(store))
    store.check_listing("/", ["/moved"])


@case("also delete during puts", "edge 17", "dispute 14")
def deletes_of_a_directory_during_puts(store: Store) -> None:
    """A directory is deleted while it is filled: every put is done or undone, nothing is half."""

    def put(name: str) -> None:
        for number in range(20):
            store.driver.put_content(f"/dir/{name}/{number}", b"whole")

    def delete() -> None:
        for _ in range(20):
            try:
                store.driver.delete("/dir")
            except PathNotFoundError:
                continue

    store.driver.put_content("/dir/first", b"whole")
    calls: list[Callable[[], None]] = [partial(put, "a"), partial(put, "b"), delete, delete]
    run_together(calls, timeout_seconds=_together_seconds(store))
    store.driver.put_content("/dir/last", b"whole")
    for info in store.unrecorded.walk("/"):
        require_content(store.unrecorded.get_content(info.path), b"whole", info.path)
    store.driver.delete("/dir")
    store.check_listing("/", [])


@case("move", "edge 11")
def concurrent_moves_of_one_object(store: Store) -> None:
    """Of 8 moves of one object exactly one succeeds, and the others find nothing."""

    def move(number: int) -> bool:
        try:
            store.driver.move("/source", f"/destination/{number}")
        except PathNotFoundError:
            return False
        return True

    for _ in range(5):
        store.driver.put_content("/source", b"one")
        moved = run_together([partial(move, number) for number in range(8)])
        require_equal(sum(moved), 1, "moves that succeeded")
        winner = f"/destination/{moved.index(True)}"
        require_equal(store.unrecorded.list("/destination"), [winner], "what is there")
        store.unrecorded.delete(winner)


@case("also streams at once", "put_content", "get_content", "delete")
def concurrent_calls_of_every_kind(store: Store) -> None:
    """8 threads put, read, append, list, move and delete, each in a directory of its own."""

    def work(seed: int) -> None:
        # Not the store's generator, whose order would depend on which thread comes first.
        chance = random.Random(seed)
        held: dict[str, bytes] = {}
        for _ in range(25):
            path = f"/{seed}/{chance.randrange(5)}"
            content = chance.randbytes(chance.choice((0, 10, 5000, 100_000)))
            store.driver.put_content(path, content)
            held[path] = content
            other = f"/{seed}/{chance.randrange(5)}"
            if chance.random() < 0.3:
                store.driver.move(path, other)
                held[other] = held.pop(path)
            elif chance.random() < 0.2:
                store.driver.delete(path)
                del held[path]
            for known, expected in held.items():
                require_content(store.driver.get_content(known), expected, known)
            if held:
                require_equal(store.driver.list(f"/{seed}"), sorted(held), "list")

    calls = [partial(work, seed) for seed in range(8)]
    run_together(calls, timeout_seconds=_together_seconds(store))

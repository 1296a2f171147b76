"""Reads of a thread's own tree, each held to what is known to be stored."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final, TypeVar

from storagedriver.benchmarks.soak.calls import Calls
from storagedriver.benchmarks.soak.material import Content
from storagedriver.benchmarks.soak.stories import ViolationError
from storagedriver.benchmarks.soak.tree import OwnTree
from storagedriver.contract import (
    ContentChangedError,
    PathNotFoundError,
    ReadStream,
    StorageDriverError,
    UnsupportedMethodError,
)

Result = TypeVar("Result")

# A reader that is slower than the driver, so that credit runs out; it does not last long.
_SLOW_SECONDS: Final = 0.01
_SLOW_READS: Final = 30


@dataclass(frozen=True, slots=True)
class HowToRead:
    """What a reader of a stream does."""

    offset: int
    piece_bytes: int
    is_slow: bool
    stop_after_bytes: int | None
    """None: at the end."""

    @classmethod
    def any(cls, random: Random, size: int) -> HowToRead:
        return cls(
            offset=random.choice((0, 0, random.randint(0, size), size, size + 10)),
            piece_bytes=random.choice((1_000, 65_536, 1 << 20)),
            is_slow=random.random() < 0.2,
            stop_after_bytes=random.randint(0, size) if random.random() < 0.25 else None,
        )

    def __str__(self) -> str:
        slowly = " slowly" if self.is_slow else ""
        end = "" if self.stop_after_bytes is None else f" for {self.stop_after_bytes}"
        return f"from {self.offset} by {self.piece_bytes}{slowly}{end}"


def read(stream: ReadStream, how: HowToRead, check: Callable[[bytes, int], None]) -> int:
    """Read a stream as told; return where the reader stopped.

    `check` is given each piece and the offset that it is to have. Raises what that raises, and what
    the stream does.
    """
    position, reads = how.offset, 0
    while how.stop_after_bytes is None or position < how.offset + how.stop_after_bytes:
        piece = stream.read1(how.piece_bytes)
        if not piece:
            break
        check(piece, position)
        position += len(piece)
        reads += 1
        if how.is_slow and reads < _SLOW_READS:
            time.sleep(_SLOW_SECONDS)
    return position


class Reading:
    """For one thread. Every method raises ViolationError for a wrong answer."""

    def __init__(self, calls: Calls, tree: OwnTree, random: Random) -> None:
        self._calls = calls
        self._driver = calls.driver
        self._tree = tree
        self._random = random

    def get(self, path: str) -> None:
        content = self._tree.objects.get(path)
        got = self._ask("get", path, lambda: self._driver.get_content(path), content)
        if got is not None and content is not None and not content.equals(got):
            raise self._wrong(path, f"get gave {len(got)} bytes that are not {content}")

    def stat(self, path: str) -> None:
        content = self._tree.objects.get(path)
        info = self._ask("stat", path, lambda: self._driver.stat(path), content)
        if (
            info is not None
            and content is not None
            and (info.size, info.is_dir) != (content.size, False)
        ):
            raise self._wrong(path, f"stat told {info}, stored is {content}")

    def list(self, directory: str) -> None:
        expected = self._tree.children(directory)
        names = self._ask("list", directory, lambda: self._driver.list(directory), expected or None)
        if names is not None and names != expected:
            raise self._wrong(directory, f"list told {names}, stored is {expected}")

    def walk(self, directory: str) -> None:
        expected = [(path, content.size) for path, content in self._tree.below(directory).items()]
        start_after = None
        if expected and self._random.random() < 0.3:
            start_after = self._random.choice(expected)[0]
            expected = [entry for entry in expected if entry[0] > start_after]

        def run() -> list[tuple[str, int]]:
            return [(info.path, info.size) for info in self._driver.walk(directory, start_after)]

        walked = self._ask("walk", directory, run, self._tree.below(directory) or None)
        if walked is not None and walked != expected:
            raise self._wrong(directory, f"walk told {walked}, stored is {expected}")

    def stream(self, path: str, meanwhile: Callable[[], None] | None = None) -> None:
        """Read a stream; `meanwhile` the object may be replaced, once the stream is open."""
        content = self._tree.objects.get(path)
        how = HowToRead.any(self._random, 0 if content is None else content.size)

        def check(piece: bytes, offset: int) -> None:
            if content is not None and not content.holds(piece, offset):
                raise self._wrong(
                    path, f"{len(piece)} bytes of a stream at {offset} are not {content}"
                )

        def run() -> int:
            with self._driver.read_stream(path, how.offset) as stream:
                if meanwhile is not None:
                    meanwhile()
                return read(stream, how, check)

        expected: tuple[type[StorageDriverError], ...] = ()
        if content is None:
            expected = (PathNotFoundError,)
        elif meanwhile is not None:
            expected = (ContentChangedError,)
        attempt = self._calls.attempt("read_stream", path, run, expected=expected, note=str(how))
        if attempt.value is not None and how.stop_after_bytes is None:
            self._check_end(path, content, how, attempt.value)

    def url(self, path: str) -> None:
        attempt = self._calls.attempt(
            "url_for", path, lambda: self._driver.url_for(path), expected=(UnsupportedMethodError,)
        )
        if attempt.succeeded:
            raise self._wrong(path, f"url_for gave {attempt.value}")

    def _check_end(self, path: str, content: Content | None, how: HowToRead, end: int) -> None:
        if content is None:
            raise self._wrong(path, "a stream was opened where nothing is stored")
        if end != max(content.size, how.offset):
            raise self._wrong(path, f"a stream {how} ended at {end} of {content}")

    def _ask(
        self, kind: str, path: str, call: Callable[[], Result], there: object
    ) -> Result | None:
        """Return the answer, None if there is none. Raises ViolationError if one is not due."""
        expected = (PathNotFoundError,) if there is None else ()
        attempt = self._calls.attempt(kind, path, call, expected=expected)
        if attempt.succeeded and there is None:
            raise self._wrong(path, f"{kind} answered where nothing is stored")
        return attempt.value

    def _wrong(self, path: str, what: str) -> ViolationError:
        return self._calls.stories.violation(path, what)

"""Objects that all threads write and read: each content says whose it is, and if it is whole."""

from __future__ import annotations

import hashlib
import itertools
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from time import monotonic
from typing import Final

from storagedriver.benchmarks.soak.calls import Attempt, Calls
from storagedriver.benchmarks.soak.material import Material
from storagedriver.benchmarks.soak.reading import HowToRead, read
from storagedriver.benchmarks.soak.stories import ViolationError
from storagedriver.contract import (
    ContentChangedError,
    OutcomeUnknownError,
    PathNotFoundError,
    StorageDriverError,
)

# Mostly one message, sometimes several chunks.
_SIZES: Final = (0, 100, 5_000, 70_000, 300_000, 2_500_000)

# Nobody reads for longer, and so nobody asks about versions that were replaced before.
_FORGOTTEN_SECONDS: Final = 120.0


@dataclass(slots=True)
class Version:
    """One content of a shared object."""

    number: int
    path: str
    writer: str
    began: float
    """Before it was sent."""
    ended: float | None = None
    """After its write has ended, however that was; None until then."""


class SharedObjects:
    """The account of what was written. Any thread may use it.

    Attributes:
        paths: where the objects are.
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = tuple(paths)
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._versions: dict[int, Version] = {}
        self._floors: dict[str, float] = dict.fromkeys(paths, 0.0)

    def begin(self, path: str, writer: str) -> Version:
        """A write begins."""
        with self._lock:
            version = Version(next(self._numbers), path, writer, monotonic())
            self._versions[version.number] = version
            return version

    def acknowledge(self, version: Version) -> None:
        """A write was reported to have succeeded: what ended before it began is no more."""
        with self._lock:
            version.ended = monotonic()
            self._floors[version.path] = max(self._floors[version.path], version.began)
            self._forget(version.ended - _FORGOTTEN_SECONDS)

    def end_unknown(self, version: Version) -> None:
        """A write has ended and may have been done, but is not done from now on."""
        with self._lock:
            version.ended = monotonic()

    def refuse(self, version: Version) -> None:
        """A write was reported not to have been done."""
        with self._lock:
            del self._versions[version.number]

    def floor(self, path: str) -> float:
        """Return the time that what is read from now on must not have ended before; 0 if none."""
        with self._lock:
            return self._floors[path]

    def judge(self, path: str, data: bytes, floor: float) -> str | None:
        """Return what is wrong with a content of `path`, read after `floor` was asked for."""
        number = version_of(data)
        if number is None:
            return f"{len(data)} bytes {data[:60]!r} are no whole version"
        with self._lock:
            version = self._versions.get(number)
        if version is None:
            return f"version {number} was never written, or replaced long ago"
        if version.path != path:
            return f"version {number} was written to {version.path}"
        if version.ended is not None and version.ended < floor:
            return (
                f"version {number} of {version.writer} is back: another was written, and"
                f" acknowledged, that began {floor - version.ended:.3f} s after its end"
            )
        return None

    def _forget(self, before: float) -> None:
        for number, version in list(self._versions.items()):
            if version.ended is None or version.ended >= before:
                # In the order of their beginnings, so most of the old ones stand first.
                break
            if version.ended < self._floors[version.path]:
                del self._versions[number]


def content_of(version: Version, body: bytes) -> bytes:
    """Return a content that tells what it is."""
    digest = hashlib.sha256(body).hexdigest()
    return f"{version.number} {version.writer} {len(body)} {digest}\n".encode() + body


def version_of(data: bytes) -> int | None:
    """Return the number of the version that `data` is, None if it is not a whole one."""
    header, _, body = data.partition(b"\n")
    with suppress(ValueError):
        number, _, size, digest = header.decode("ascii", "replace").split(" ")
        if int(size) == len(body) and hashlib.sha256(body).hexdigest() == digest:
            return int(number)
    return None


class Sharing:
    """One thread's calls on the shared objects. Raises ViolationError for what cannot be."""

    def __init__(
        self, calls: Calls, shared: SharedObjects, random: Random, material: Material, writer: str
    ) -> None:
        self._calls = calls
        self._driver = calls.driver
        self._shared = shared
        self._random = random
        self._material = material
        self._writer = writer

    def put(self) -> None:
        version, data = self._new()
        attempt = self._calls.attempt(
            "put shared",
            version.path,
            lambda: self._driver.put_content(version.path, data),
            note=str(version.number),
        )
        self._account(version, attempt)

    def upload(self) -> None:
        """Write by a hidden upload in two parts."""
        version, data = self._new()
        middle = self._random.randint(0, len(data))

        def run() -> None:
            with self._driver.writer(version.path) as upload:
                upload.write(data[:middle])
                upload.write(data[middle:])
                upload.commit()

        attempt = self._calls.attempt(
            "upload shared",
            version.path,
            run,
            # Whether it was committed shows by the size of what is there, which may be another's.
            expected=(OutcomeUnknownError,),
            note=str(version.number),
        )
        self._account(version, attempt)

    def get(self) -> None:
        path = self._random.choice(self._shared.paths)
        floor = self._shared.floor(path)
        attempt = self._calls.attempt(
            "get shared",
            path,
            lambda: self._driver.get_content(path),
            expected=_unless_there(floor, ContentChangedError),
        )
        self._judge(path, attempt, floor)

    def stream(self) -> None:
        """Read a stream, slowly at times, while others replace the object."""
        path = self._random.choice(self._shared.paths)
        floor = self._shared.floor(path)
        how = HowToRead(
            offset=0,
            piece_bytes=self._random.choice((5_000, 1 << 20)),
            is_slow=self._random.random() < 0.5,
            stop_after_bytes=None,
        )

        def run() -> bytes:
            pieces: list[bytes] = []
            with self._driver.read_stream(path) as stream:
                read(stream, how, lambda piece, _: pieces.append(piece))
            return b"".join(pieces)

        attempt = self._calls.attempt(
            "read_stream shared",
            path,
            run,
            expected=_unless_there(floor, ContentChangedError),
            note=str(how),
        )
        self._judge(path, attempt, floor)

    def _new(self) -> tuple[Version, bytes]:
        path = self._random.choice(self._shared.paths)
        body = self._material.piece(self._random, self._random.choice(_SIZES)).to_bytes()
        version = self._shared.begin(path, self._writer)
        return version, content_of(version, body)

    def _account(self, version: Version, attempt: Attempt[None]) -> None:
        if attempt.succeeded:
            self._shared.acknowledge(version)
        elif attempt.may_have_happened:
            self._shared.end_unknown(version)
        else:
            self._shared.refuse(version)

    def _judge(self, path: str, attempt: Attempt[bytes], floor: float) -> None:
        if attempt.value is not None:
            wrong = self._shared.judge(path, attempt.value, floor)
            if wrong is not None:
                raise self._wrong(path, wrong)

    def _wrong(self, path: str, what: str) -> ViolationError:
        return self._calls.stories.violation(path, what)


def _unless_there(
    floor: float, *errors: type[StorageDriverError]
) -> tuple[type[StorageDriverError], ...]:
    return errors if floor else (*errors, PathNotFoundError)

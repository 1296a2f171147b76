"""The trees of a benchmark of sync: the source, made from a seed, and what a destination holds.

Both are roots of the filesystem driver, looked at from outside: a benchmark that asked the driver
would believe what it measures.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

OBJECTS: Final = "objects"
LARGE: Final = "large"
"""The directories of the two parts, each of which can be copied by itself."""

_LARGE_NAME: Final = "object"

# As in a store of layers: not all in one directory, and not each in its own.
_OBJECTS_IN_A_DIRECTORY: Final = 100

# Manifests, lock files and index entries: some kilobytes each.
_MOST_SMALL_BYTES: Final = 8 * 1024

_PIECE_BYTES: Final = 1 << 20
# So many different pieces are repeated, each time with its position in front: one in a wrong place
# is then another content.
_PIECES: Final = 64

_STAMP_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Source:
    """The source as it was made."""

    root: Path
    small_bytes: dict[str, int]
    """Sizes of the small objects, by path below OBJECTS."""
    large_bytes: int

    @property
    def total_bytes(self) -> int:
        return sum(self.small_bytes.values()) + self.large_bytes

    def read(self, part: str) -> None:
        """Read all of a part, so that as much of it is in the page cache as can be."""
        buffer = bytearray(_PIECE_BYTES)
        for directory, _, names in os.walk(self.root / part):
            for name in names:
                with open(os.path.join(directory, name), "rb", buffering=0) as file:
                    while file.readinto(buffer):
                        pass


def make_source(root: Path, *, objects: int, large_bytes: int, seed: int) -> Source:
    """Write a source into `root`, the same for the same seed."""
    random = Random(seed)
    sizes: dict[str, int] = {}
    for number in range(objects):
        directory = f"{number // _OBJECTS_IN_A_DIRECTORY:04d}"
        (root / OBJECTS / directory).mkdir(parents=True, exist_ok=True)
        content = random.randbytes(random.randint(1, _MOST_SMALL_BYTES))
        name = f"{directory}/{number:06d}"
        (root / OBJECTS / name).write_bytes(content)
        sizes[name] = len(content)
    (root / LARGE).mkdir(parents=True)
    pieces = [random.randbytes(_PIECE_BYTES - _STAMP_BYTES) for _ in range(_PIECES)]
    with open(root / LARGE / _LARGE_NAME, "wb", buffering=0) as file:
        for position in range(0, large_bytes, _PIECE_BYTES):
            piece = pieces[position // _PIECE_BYTES % _PIECES]
            stamped = position.to_bytes(_STAMP_BYTES, "big") + piece
            file.write(stamped[: large_bytes - position])
    return Source(root, sizes, large_bytes)


@dataclass(frozen=True, slots=True)
class Held:
    """What a destination holds at one moment. A file that is written anew has another number."""

    objects: dict[str, int] = field(default_factory=dict[str, int])
    """The inode of each small object, by path below OBJECTS."""
    large_inode: int | None = None
    """Of the large object, or of the upload that is to be it."""
    large_bytes: int = 0
    large_is_published: bool = False
    staged_bytes: int = 0
    """Of puts that a kill has ended: they were sent, and are lost."""
    uploads: int = 0

    def small_bytes(self, source: Source) -> int:
        """Return how many bytes of small objects are there."""
        return sum(source.small_bytes[name] for name in self.objects)

    def progress(self, source: Source) -> float:
        """Return how far a sync is, from 0 to 1; each part counts as half of the way."""
        small = len(self.objects) / max(1, len(source.small_bytes))
        return (small + self.large_bytes / max(1, source.large_bytes)) / 2

    def sent_again_bytes(self, later: Held, source: Source) -> int:
        """Return how much of what is held here was not there any more when `later` was seen."""
        small = sum(
            source.small_bytes[name]
            for name, inode in self.objects.items()
            if later.objects.get(name) != inode
        )
        kept = later.large_inode == self.large_inode and later.large_bytes >= self.large_bytes
        return small + (0 if kept else self.large_bytes)


def held(root: Path) -> Held:
    """Look at a destination, which may be under way or not be there yet."""
    objects = {
        f"{directory.name}/{entry.name}": entry.inode()
        for directory in _entries(root / OBJECTS)
        for entry in _entries(Path(directory.path))
    }
    staged_bytes = sum(_size(entry) for entry in _entries(root / ".staging~"))
    uploads = [entry for entry in _entries(root / ".uploads~") if entry.name.endswith(".data~")]
    published = [entry for entry in _entries(root / LARGE) if entry.name == _LARGE_NAME]
    # The largest, if a sync has left one and begun another.
    large = max(published or uploads, key=_size, default=None)
    return Held(
        objects,
        large_inode=None if large is None else large.inode(),
        large_bytes=0 if large is None else _size(large),
        large_is_published=bool(published),
        staged_bytes=staged_bytes,
        uploads=len(uploads),
    )


def _entries(directory: Path) -> Iterator[os.DirEntry[str]]:
    with suppress(FileNotFoundError), os.scandir(directory) as entries:
        yield from entries


def _size(entry: os.DirEntry[str]) -> int:
    with suppress(FileNotFoundError):
        return entry.stat(follow_symlinks=False).st_size
    return 0

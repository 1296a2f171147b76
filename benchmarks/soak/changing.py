"""Changes of a thread's own tree; after an unknown outcome it finds out what is there."""

from __future__ import annotations

import io
import time
from random import Random
from typing import Final

from storagedriver.benchmarks.soak.calls import Attempt, Calls, ReaderError
from storagedriver.benchmarks.soak.material import Content, Material, a_size
from storagedriver.benchmarks.soak.stories import ViolationError
from storagedriver.benchmarks.soak.tree import Growing, OwnTree
from storagedriver.contract import (
    InvalidOffsetError,
    IsADirectoryError,
    OutcomeUnknownError,
    PathNotFoundError,
    Reader,
)

# Objects that were appended to are replaced when they have grown to this.
_MOST_BYTES: Final = 6 << 20

_SLOW_SECONDS: Final = 0.005


class OnceReader:
    """A source that cannot seek back, gives little at a time, and may fail in the middle."""

    def __init__(self, content: Content, random: Random, *, fails: bool = False) -> None:
        self._stream = io.BytesIO(content.to_bytes())
        self._piece_bytes = random.choice((500, 40_000, 1 << 20))
        self._is_slow = random.random() < 0.1
        self._fails_at = random.randint(0, content.size) if fails else None

    def read(self, size: int, /) -> bytes:
        if self._fails_at is not None and self._stream.tell() >= self._fails_at:
            raise ReaderError
        if self._is_slow:
            time.sleep(_SLOW_SECONDS)
            return self._stream.read(min(size, 1 << 16))
        return self._stream.read(min(size, self._piece_bytes))


class Changing:
    """For one thread. Every method raises ViolationError where it finds what cannot be."""

    def __init__(self, calls: Calls, tree: OwnTree, random: Random, material: Material) -> None:
        self._calls = calls
        self._driver = calls.driver
        self._tree = tree
        self._random = random
        self._material = material

    def put(self, path: str) -> None:
        content = self._material.content(self._random)
        data = content.to_bytes()
        attempt = self._calls.attempt(
            "put", path, lambda: self._driver.put_content(path, data), note=str(content)
        )
        if attempt.succeeded:
            self._tree.adopt({path: content})
        elif attempt.may_have_happened:
            self._tree.settle(self._tree.now([path]), {path: content})

    def write(self, path: str) -> None:
        """Write a stream anywhere into the object, or behind it."""
        old = self._tree.objects.get(path) or Content()
        size = 0 if old.size > _MOST_BYTES else old.size
        offset = self._random.choice((0, size, size, self._random.randint(0, size)))
        added = self._material.piece(self._random, a_size(self._random))
        fails = self._random.random() < 0.1
        can_seek = not fails and self._random.random() < 0.6
        reader: Reader
        reader = (
            io.BytesIO(added.to_bytes())
            if can_seek
            else OnceReader(added, self._random, fails=fails)
        )
        note = f"{added} at {offset}{'' if can_seek else ' once'}{' fails' if fails else ''}"
        attempt = self._calls.attempt(
            "write_stream", path, lambda: self._driver.write_stream(path, offset, reader), note=note
        )
        whole = old.first(offset) + added
        if attempt.succeeded:
            if attempt.value != added.size:
                raise self._wrong(path, f"write_stream counted {attempt.value} of {added}")
            self._tree.adopt({path: whole})
        elif attempt.may_have_happened:
            self._tree.settle_growing(path, Growing(whole, offset))

    def write_beyond(self, path: str) -> None:
        """Write where nothing may be written."""
        content = self._tree.objects.get(path)
        offset = self._random.randint(1, 1000) + (0 if content is None else content.size)
        attempt = self._calls.attempt(
            "write beyond",
            path,
            lambda: self._driver.write_stream(path, offset, io.BytesIO(b"beyond")),
            expected=(InvalidOffsetError,),
        )
        if attempt.succeeded:
            raise self._wrong(path, f"a write at {offset} succeeded, stored is {content}")

    def move(self, source: str, destination: str) -> None:
        """Move an object, or a directory with all below it to where nothing is."""
        objects = self._moved(source)
        before = self._tree.now(
            [*objects, *(destination + path[len(source) :] for path in objects)]
        )
        after = dict.fromkeys(before, None) | {
            destination + path[len(source) :]: content for path, content in objects.items()
        }
        attempt = self._attempt_move(source, destination, is_there=bool(objects))
        if not objects:
            return
        if attempt.succeeded:
            self._tree.adopt(after)
        elif attempt.may_have_happened:
            self._tree.settle(before, after)

    def move_onto_directory(self, source: str, directory: str) -> None:
        """Move to where something stands below already, which is refused."""
        attempt = self._calls.attempt(
            "move onto directory",
            source,
            lambda: self._driver.move(source, directory),
            expected=(IsADirectoryError,),
            note=directory,
        )
        if attempt.succeeded:
            raise self._wrong(source, f"moved onto the directory {directory}")

    def delete(self, path: str) -> None:
        """Delete an object, or a directory with all below it."""
        objects = self._moved(path)
        attempt = self._calls.attempt(
            "delete",
            path,
            lambda: self._driver.delete(path),
            expected=() if objects else (PathNotFoundError,),
        )
        if attempt.succeeded:
            # Also where nothing was: a crash on the way, and then it is gone indeed.
            self._tree.adopt(dict.fromkeys(objects))
        elif attempt.may_have_happened:
            for one in objects:
                self._tree.settle(self._tree.now([one]), {one: None})

    def _attempt_move(self, source: str, destination: str, *, is_there: bool) -> Attempt[None]:
        for path in (source, destination):
            self._calls.stories.tell(path, f"move {source} {destination} begins")
        return self._calls.attempt(
            "move",
            source,
            lambda: self._driver.move(source, destination),
            # From nowhere it may pass for done, if a crash comes between: the contract says so.
            expected=() if is_there else (PathNotFoundError, OutcomeUnknownError),
            note=destination,
        )

    def _moved(self, path: str) -> dict[str, Content]:
        """Return the object at a path, or all below it."""
        content = self._tree.objects.get(path)
        return self._tree.below(path) if content is None else {path: content}

    def _wrong(self, path: str, what: str) -> ViolationError:
        return self._calls.stories.violation(path, what)

"""One thread of a soak: does one thing after another, by chance, to a tree of its own and to what
all share."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from storagedriver.benchmarks.soak.calls import Calls
from storagedriver.benchmarks.soak.changing import Changing
from storagedriver.benchmarks.soak.material import Material
from storagedriver.benchmarks.soak.reading import Reading
from storagedriver.benchmarks.soak.shared import SharedObjects, Sharing
from storagedriver.benchmarks.soak.tree import OwnTree
from storagedriver.benchmarks.soak.uploading import Uploading

_DIRECTORIES: Final = 4
_OBJECTS: Final = 3


class Worker:
    """For one thread.

    Attributes:
        tree: what it knows to be stored in its own directory.
        calls: how it calls.
        uploading: its open uploads.
    """

    def __init__(
        self, name: str, calls: Calls, shared: SharedObjects, material: Material, *, seed: int
    ) -> None:
        self.name = name
        self.calls = calls
        self.tree = OwnTree(f"/own/{name}", calls)
        # The name makes it another one for each thread, and the same in each run.
        self._random = random = Random(f"{seed} {name}")
        self._reading = Reading(calls, self.tree, random)
        self._changing = Changing(calls, self.tree, random, material)
        self.uploading = Uploading(calls, self.tree, random, material)
        self._sharing = Sharing(calls, shared, random, material, name)
        self._steps: tuple[tuple[int, Callable[[], None]], ...] = (
            (14, lambda: self._changing.put(self._path())),
            (14, lambda: self._reading.get(self._path())),
            (8, lambda: self._reading.stat(self._path())),
            (5, lambda: self._reading.list(self._directory())),
            (3, lambda: self._reading.walk(self._directory())),
            (10, lambda: self._reading.stream(self._path())),
            (4, self._stream_while_replaced),
            (12, lambda: self._changing.write(self._path())),
            (2, lambda: self._changing.write_beyond(self._path())),
            (7, lambda: self._changing.move(self._path(), self._path())),
            (3, self._move_directory),
            (5, lambda: self._changing.delete(self._path())),
            (1, lambda: self._changing.delete(self._directory())),
            (1, lambda: self._reading.url(self._path())),
            (14, lambda: self.uploading.step(self._path())),
            (2, self.uploading.list),
            (5, self._sharing.put),
            (2, self._sharing.upload),
            (5, self._sharing.get),
            (4, self._sharing.stream),
        )
        self._weights = [weight for weight, _ in self._steps]

    def step(self) -> None:
        """Do one thing. Raises ViolationError for what cannot be."""
        _, step = self._random.choices(self._steps, self._weights)[0]
        step()

    def _directory(self) -> str:
        """Return a directory, above, beside or below another; something may stand there or not."""
        number = self._random.randrange(_DIRECTORIES)
        return self.tree.root + self._random.choice((f"/d{number}", f"/d{number}/e"))

    def _path(self) -> str:
        """Return the path of an object, which may be there or not."""
        directory = self._random.choice((self.tree.root, self._directory(), self._directory()))
        return f"{directory}/o{self._random.randrange(_OBJECTS)}"

    def _stream_while_replaced(self) -> None:
        path = self._path()
        replace = self._random.choice(
            (
                lambda: self._changing.put(path),
                lambda: self._changing.delete(path),
                lambda: self._changing.move(self._path(), path),
                lambda: self._changing.move(path, self._path()),
            )
        )
        self._reading.stream(path, meanwhile=replace)

    def _move_directory(self) -> None:
        source, destination = self._directory(), self._directory()
        if source in destination or destination in source:
            return
        if not self.tree.below(destination):
            self._changing.move(source, destination)
        elif self.tree.below(source):
            self._changing.move_onto_directory(source, destination)

"""What cp -r, sync and verify do with each object of a directory, several at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from storagedriver.cli.comparing import Pair, Side, pairs, seems_same
from storagedriver.cli.content import Passed, fetch
from storagedriver.cli.copying import SMALL_BYTES, Copied, Copy
from storagedriver.cli.exits import text_of
from storagedriver.cli.parallel import Pool
from storagedriver.cli.progress import ObjectProgress
from storagedriver.cli.settling import Noted, Settling
from storagedriver.cli.tally import Tally
from storagedriver.contract import (
    FileInfo,
    IsADirectoryError,
    PathNotFoundError,
    StorageDriver,
    StorageDriverError,
)
from storagedriver.contract.features import FLAT_NAMESPACE

COPYING = ("copied", "skipped", "deleted", "failed", "bytes", "bytes_continued", "bytes_sent_again")
"""What is counted where objects are copied."""
COMPARING = ("same", "different", "missing", "extra", "failed", "bytes")
"""What is counted where they are compared."""


@dataclass(slots=True)
class Replication:
    """From one directory to another. An object that fails is told to `tally`, and ends nothing.

    Attributes:
        jobs: how many objects are under way at once.
        verify: whether each copy is read back.
    """

    source: Side
    destination: Side
    tally: Tally
    progress: ObjectProgress
    jobs: int
    verify: bool = False
    _blocked: list[str] = field(default_factory=list[str])
    _settling: Settling = field(init=False)

    def __post_init__(self) -> None:
        self._settling = Settling(self.source)

    def copy_all(self) -> None:
        """Copy every object. Raises what the walk of the source does."""
        with Pool(self.jobs) as pool:
            for path, info in self.source.walk():
                self._submit(pool, path, partial(self._copy, pool, path, info))
        self._finish()

    def sync(self, *, delete: bool, checksum: bool) -> None:
        """Copy what differs, and `delete` what the source has not.

        Without `checksum`, what has the size of the source and is not older is the same. Raises
        what the walks do.
        """
        with Pool(self.jobs) as pool:
            for pair in pairs(self.source.walk(), self.destination.walk(may_be_missing=True)):
                if pair.source is None:
                    if delete:
                        # Here and now: a file must be gone before what comes below its path.
                        self._guarded(pool, pair.path, partial(self._delete, pair.path))
                elif not checksum and seems_same(pair.source, pair.destination):
                    # By far the most often, so it is no work for a thread.
                    self._skip()
                else:
                    self._submit(pool, pair.path, partial(self._sync, pool, pair, checksum, delete))
        self._finish()

    def compare(self) -> None:
        """Read every object on both sides. Raises what the walks do."""
        with Pool(self.jobs) as pool:
            for pair in pairs(self.source.walk(), self.destination.walk(may_be_missing=True)):
                if pair.destination is None:
                    self.tally.fail(pair.path, "is missing at the destination", "missing")
                elif pair.source is None:
                    self.tally.fail(pair.path, "is at the destination only", "extra")
                else:
                    self._submit(pool, pair.path, partial(self._compare, pool, pair.path))

    def copy_one(self) -> None:
        """Copy the one object that the sides name."""
        with Pool(1) as pool:
            self._submit(pool, "", lambda: self._copy(pool, ""))

    def compare_one(self) -> None:
        """Read the one object that the sides name."""
        with Pool(1) as pool:
            self._submit(pool, "", lambda: self._compare(pool, ""))

    def _finish(self) -> None:
        with Pool(self.jobs) as pool:
            # By now the directories that stood in the way of these are deleted.
            for path in self._blocked:
                self._submit(pool, path, partial(self._copy, pool, path))
            pool.submit(partial(self._settle, pool, self._settling.rest()))

    def _submit(self, pool: Pool, path: str, work: Callable[[], None]) -> None:
        pool.submit(partial(self._guarded, pool, path, work))

    def _guarded(self, pool: Pool, path: str, work: Callable[[], None]) -> None:
        try:
            work()
        except StorageDriverError as error:
            if pool.is_stopping:
                # It was cut off with the whole, which is no failure of this object.
                return
            self.tally.fail(self.source.full(path), text_of(error))
        self.progress.objects(1)

    def _sync(self, pool: Pool, pair: Pair, checksum: bool, delete: bool) -> None:
        if checksum and self._has_same_content(pool, pair):
            self.tally.add("skipped")
            return
        try:
            self._copy(pool, pair.path, pair.source)
        except IsADirectoryError:
            if not delete:
                raise
            self._blocked.append(pair.path)

    def _skip(self) -> None:
        self.tally.add("skipped")
        self.progress.objects(1)

    def _has_same_content(self, pool: Pool, pair: Pair) -> bool:
        source, destination = pair.source, pair.destination
        if source is None or destination is None or source.size != destination.size:
            return False
        ours = self._read(pool, self.source, pair.path)
        return ours == self._read(pool, self.destination, pair.path)

    def _copy(self, pool: Pool, path: str, seen: FileInfo | None = None) -> None:
        """Copy one object; what was `seen` of it in a walk may save looking at it twice more."""
        copy = Copy(
            self.source.driver,
            self.source.full(path),
            self.destination.driver,
            self.destination.full(path),
            self._advance(pool),
        )
        if seen is not None and seen.size <= SMALL_BYTES and not self.verify:
            size_bytes = copy.run_small()
            if size_bytes is not None:
                self.tally.add("copied")
                self.tally.add("bytes", size_bytes)
                self._settle(pool, self._settling.note(path, seen))
                return
        self._count(copy.run(verify=self.verify))

    def _settle(self, pool: Pool, noted: Noted) -> None:
        """Copy those once more, with care, that have changed since they were seen in the walk."""
        for path in self._settling.changed(noted):
            self.tally.add("copied", -1)
            self.tally.add("bytes_sent_again", noted[path].size)
            self._guarded(pool, path, partial(self._copy, pool, path))

    def _count(self, copied: Copied) -> None:
        self.tally.add("copied")
        self.tally.add("bytes", copied.sent_bytes)
        self.tally.add("bytes_continued", copied.continued_bytes)
        self.tally.add("bytes_sent_again", copied.sent_again_bytes)

    def _delete(self, path: str) -> None:
        driver, full = self.destination.driver, self.destination.full(path)
        if FLAT_NAMESPACE in driver.features and _has_below(driver, full):
            # A deletion takes all below along, which the source may well have.
            raise IsADirectoryError(full, driver=driver.name)
        driver.delete(full)
        self.tally.add("deleted")

    def _compare(self, pool: Pool, path: str) -> None:
        ours, theirs = self._read(pool, self.source, path), self._read(pool, self.destination, path)
        self.tally.add("bytes", ours.size_bytes + theirs.size_bytes)
        if ours == theirs:
            self.tally.add("same")
        else:
            self.tally.fail(path, "is different", "different")

    def _read(self, pool: Pool, side: Side, path: str) -> Passed:
        with side.driver.read_stream(side.full(path)) as stream:
            return fetch(stream, len, advance=self._advance(pool))

    def _advance(self, pool: Pool) -> Callable[[int], None]:
        def advance(size_bytes: int) -> None:
            pool.check()
            self.progress.bytes(size_bytes)

        return advance


def _has_below(driver: StorageDriver, path: str) -> bool:
    try:
        return bool(driver.list(path))
    except PathNotFoundError:
        return False

"""Model: what a store may hold, when the driver was killed in the middle of its last change.

What was acknowledged is certain. Of the change that a kill has struck, the contract allows the old
state and the new one; of a write in place also the old content up to its offset, and a part of what
was written. A model follows one thread of changes, and says in words what it finds instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from storagedriver.conformance.checking import CaseFailedError
from storagedriver.contract import PathNotFoundError, StorageDriver
from storagedriver.contract.features import VOLATILE


@dataclass(frozen=True, slots=True)
class Change:
    """A change that is under way: what each path it touches may hold afterwards."""

    what: str
    allowed: Mapping[str, frozenset[bytes | None]]
    kept: bytes = b""
    """Of a write in place: the old content up to its offset ..."""
    written: bytes | None = None
    """... and what it writes there; None for any other change."""
    moved: tuple[str, str] | None = None
    """Of a move: where it goes from and to."""

    def allows(self, path: str, content: bytes | None) -> bool:
        """Whether `path` may hold this if the driver was killed meanwhile; None is nothing."""
        if content in self.allowed[path]:
            return True
        if self.written is None or content is None or len(content) < len(self.kept):
            return False
        return (self.kept + self.written).startswith(content)


@dataclass(slots=True)
class Model:
    """What the store holds. Belongs to one thread."""

    contents: dict[str, bytes] = field(default_factory=dict[str, bytes])
    under_way: Change | None = None

    @property
    def doing(self) -> str:
        """What is tried now, for people."""
        return "a change" if self.under_way is None else self.under_way.what

    def begin(self, change: Change) -> None:
        """Say what is tried now."""
        self.under_way = change

    def acknowledge(self, results: Mapping[str, bytes | None]) -> None:
        """Say what it has led to, by the driver's word."""
        self.under_way = None
        for path, content in results.items():
            self._set(path, content)

    def check(self, driver: StorageDriver) -> None:
        """Compare with what the driver has after it was started again, and go on from that.

        Raises CaseFailedError that says what was lost, is half, or shows and should not.
        """
        shown = {info.path: info.size for info in driver.walk("/")}
        touched = set(self.under_way.allowed) if self.under_way else set[str]()
        if not shown and (lost := self.contents.keys() - touched):
            raise CaseFailedError(
                f"after a kill the store is empty, although {len(lost)} objects were acknowledged;"
                f" a driver that loses all with its process says so by the feature {VOLATILE!r}"
            )
        if surplus := sorted(shown.keys() - self.contents.keys() - touched):
            raise CaseFailedError(
                f"after a kill {surplus[0]} shows, which nobody has put: a temporary object?"
            )
        found = {path: _content(driver, path) for path in self.contents.keys() | touched}
        for path, content in sorted(found.items()):
            self._check_one(path, content)
            if (None if content is None else len(content)) != shown.get(path):
                raise CaseFailedError(
                    f"after a kill walk tells {shown.get(path)} bytes of {path},"
                    f" and it holds {None if content is None else len(content)}"
                )
        self._check_move(found)
        self.acknowledge(found)

    def _check_one(self, path: str, content: bytes | None) -> None:
        change, before = self.under_way, self.contents.get(path)
        if change is not None and path in change.allowed:
            if not change.allows(path, content):
                raise CaseFailedError(
                    f"killed in {change.what}, {path} holds {_told(content)}: neither the old"
                    f" content ({_told(before)}) nor the new one"
                )
        elif content != before:
            lost = "is lost" if content is None else f"holds {_told(content)}"
            raise CaseFailedError(
                f"after a kill {path} {lost}, although {_told(before)} were acknowledged before"
            )

    def _check_move(self, found: Mapping[str, bytes | None]) -> None:
        change = self.under_way
        if change is None or change.moved is None:
            return
        source, destination = change.moved
        moved = self.contents[source]
        if moved not in (found[source], found[destination]):
            raise CaseFailedError(f"killed in {change.what}, what was to move is at neither place")

    def _set(self, path: str, content: bytes | None) -> None:
        if content is None:
            self.contents.pop(path, None)
        else:
            self.contents[path] = content


def _content(driver: StorageDriver, path: str) -> bytes | None:
    try:
        return driver.get_content(path)
    except PathNotFoundError:
        return None


def _told(content: bytes | None) -> str:
    return "nothing" if content is None else f"{len(content)} bytes"

"""What one thread has stored in a directory of its own, and how it finds out when it is unsure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storagedriver.benchmarks.soak.calls import Calls
from storagedriver.benchmarks.soak.material import Content

State = Mapping[str, Content | None]
"""What may stand at some paths; None where nothing does."""


@dataclass(frozen=True, slots=True)
class Growing:
    """A content that has come to any size from `least_bytes` on."""

    whole: Content
    least_bytes: int


class OwnTree:
    """Nobody else changes anything below `root`. For one thread.

    Attributes:
        objects: what is stored, by path.
    """

    def __init__(self, root: str, calls: Calls) -> None:
        self.root = root
        self.objects: dict[str, Content] = {}
        self._calls = calls

    def below(self, directory: str) -> dict[str, Content]:
        """Return all that stands below a directory, in byte order of the path."""
        return {
            path: content
            for path, content in sorted(self.objects.items())
            if path.startswith(directory + "/")
        }

    def children(self, directory: str) -> list[str]:
        """Return what `list` is to answer; nothing if the directory is not there."""
        names = {path[len(directory) + 1 :].partition("/")[0] for path in self.below(directory)}
        return [f"{directory}/{name}" for name in sorted(names)]

    def now(self, paths: Sequence[str]) -> State:
        return {path: self.objects.get(path) for path in paths}

    def adopt(self, state: State) -> None:
        """Take for stored what `state` says."""
        for path, content in state.items():
            if content is None:
                self.objects.pop(path, None)
            else:
                self.objects[path] = content

    def settle(self, *possible: State) -> State:
        """Find out which of the states, all of the same paths, is the case, and adopt it.

        Raises ViolationError if none is.
        """
        seen = {path: self._calls.look(path) for path in possible[0]}
        for state in possible:
            if all(_is(state[path], data) for path, data in seen.items()):
                self._adopt_seen(state)
                return state
        path = next(iter(seen))
        found = ", ".join(f"{path}: {_shown(data)}" for path, data in seen.items())
        wanted = " or ".join(
            ", ".join(f"{path}: {content}" for path, content in state.items()) for state in possible
        )
        raise self._calls.stories.violation(path, f"found {found}; possible is {wanted}")

    def settle_growing(self, path: str, growing: Growing) -> None:
        """Find out whether a write has not begun, or how far it came. As `settle`."""
        data = self._calls.look(path)
        before = self.objects.get(path)
        if _is(before, data):
            return
        if (
            data is not None
            and growing.least_bytes <= len(data) <= growing.whole.size
            and growing.whole.holds(data, 0)
        ):
            self._adopt_seen({path: growing.whole.first(len(data))})
            return
        raise self._calls.stories.violation(
            path,
            f"found {_shown(data)}; possible is {before}, or the first {growing.least_bytes}"
            f" to {growing.whole.size} bytes of {growing.whole}",
        )

    def _adopt_seen(self, state: State) -> None:
        self.adopt(state)
        for path, content in state.items():
            self._calls.stories.tell(path, f"found to be {content}")


def _is(content: Content | None, data: bytes | None) -> bool:
    if content is None:
        return data is None
    return data is not None and content.equals(data)


def _shown(data: bytes | None) -> str:
    return "nothing" if data is None else f"{len(data)} bytes {data[:6].hex()}.."

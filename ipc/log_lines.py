"""The lines of one output of a driver, cut from bytes that come split anyhow, as many as may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from storagedriver.ipc.log_rate import Budget

# A longer line comes in pieces. Records of JSON with a long stack in them are still one line.
LINE_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end, or a piece of one that is too long."""

    data: bytes
    is_rest: bool
    """Whether it goes on where the piece before it ended."""


class LineCutter:
    """Cuts bytes into lines. What comes of them does not depend on how they were split.

    Blank lines are left out. Once the budget is spent lines are only counted, many at once.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._begun = bytearray()
        self._has_pieces = False
        self._is_counted = False
        self._lines: list[Line] = []
        self._dropped = 0

    def feed(self, data: bytes, now: float) -> tuple[list[Line], int]:
        """Return the lines that are complete with `data`, and how many were dropped."""
        self._budget.refill(now)
        start = 0
        while not self._budget.is_spent and (end := data.find(b"\n", start)) >= 0:
            self._begun += data[start:end]
            self._end_line()
            start = end + 1
        if self._budget.is_spent:
            start = self._skip_lines(data, start)
        self._begun += data[start:]
        self._cut_pieces()
        return self._taken()

    def end(self) -> tuple[list[Line], int]:
        """Return likewise what is left of a line without an end."""
        if self._begun:
            self._end_line()
        return self._taken()

    def _taken(self) -> tuple[list[Line], int]:
        lines, self._lines = self._lines, []
        dropped, self._dropped = self._dropped, 0
        return lines, dropped

    def _end_line(self) -> None:
        self._cut_pieces()
        self._give(bytes(self._begun))
        self._begin_line()

    def _begin_line(self) -> None:
        self._begun.clear()
        self._has_pieces = self._is_counted = False

    def _cut_pieces(self) -> None:
        while len(self._begun) > LINE_BYTES:
            cut = _character_boundary(self._begun, LINE_BYTES)
            self._give(bytes(self._begun[:cut]))
            del self._begun[:cut]
            self._has_pieces = True

    def _give(self, data: bytes) -> None:
        if self._budget.is_spent:
            # A line of which several pieces are dropped counts once, as it does in _skip_lines.
            self._dropped += not self._is_counted
            self._is_counted = True
        elif data.strip():
            self._budget.take(len(data))
            self._lines.append(Line(data, self._has_pieces))

    def _skip_lines(self, data: bytes, start: int) -> int:
        """Count the lines that end here without looking at them: a flood must cost little."""
        count = data.count(b"\n", start)
        if not count:
            return start
        self._dropped += count - self._is_counted
        self._begin_line()
        return data.rindex(b"\n") + 1


def _character_boundary(data: bytearray, limit: int) -> int:
    """Return where to cut, at most at `limit`, so that no character in UTF-8 is cut apart."""
    for cut in range(limit, limit - 4, -1):
        if data[cut] & 0b1100_0000 != 0b1000_0000:
            return cut
    return limit  # no UTF-8

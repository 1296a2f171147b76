"""One call under a script: which rules hold for it, and how far its content has moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from storagedriver.drivers.misbehaving.journal import Journal, Step
from storagedriver.drivers.misbehaving.occurrences import Occurrences
from storagedriver.drivers.misbehaving.rules import Fault, Point, Rule
from storagedriver.drivers.misbehaving.script import Script
from storagedriver.ipc.messages import Request, Wire


@dataclass(frozen=True, slots=True)
class Plan:
    """What all channels of a process share. Any thread may call it."""

    script: Script
    occurrences: Occurrences
    journal: Journal

    def begin(self, request: Request) -> Call:
        """Count the call, note that it was asked for, and return it with the rules that are due."""
        method, path = request.method, _path_of(request)
        matching = [rule for rule in self.script.rules if rule.matches(method, path)]
        self.journal.note(Step.BEFORE, method, path)
        return Call(request, path, self._due(matching))

    def starting(self) -> list[Rule]:
        """Count a start, and return the rules that are due at it."""
        return self._due([rule for rule in self.script.rules if rule.point is Point.START])

    def _due(self, rules: list[Rule]) -> list[Rule]:
        counts = self.occurrences.count(rules)
        return [rule for rule, count in zip(rules, counts, strict=True) if rule.is_due(count)]


@dataclass(slots=True)
class Call:
    """The call that a channel is in. Belongs to the channel's thread."""

    request: Request
    path: str
    rules: list[Rule] = field(default_factory=list[Rule])
    """What is still to happen."""
    moved_bytes: int = 0
    moved_chunks: int = 0
    info: Mapping[str, Wire] | None = None
    """Of the START of a read, once that is sent."""
    is_over: bool = False
    """Whether the host has its answer: what the driver still says about it is not sent."""
    _seen_chunks: int = 0

    def due(self, point: Point) -> list[Rule]:
        """Return the rules that happen at this point of the call, which are then done with."""
        due = [rule for rule in self.rules if rule.point is point and self._is_due(rule)]
        self._seen_chunks = self.moved_chunks
        self.rules = [rule for rule in self.rules if rule not in due or _is_lasting(rule)]
        return due

    def room_before_cut(self, size_bytes: int) -> int | None:
        """Return after how many of the next `size_bytes` a rule is due, None if after none."""
        rooms = [room for rule in self.rules if (room := self._room(rule, size_bytes)) is not None]
        return min(rooms, default=None)

    def moved(self, size_bytes: int) -> None:
        """Say that a message with so much content has moved."""
        self.moved_bytes += size_bytes
        self.moved_chunks += 1

    def _is_due(self, rule: Rule) -> bool:
        if rule.point is not Point.CONTENT:
            return True
        return self._has_moved(rule) and self.moved_chunks > self._seen_chunks

    def _has_moved(self, rule: Rule) -> bool:
        if rule.after_bytes is not None:
            return self.moved_bytes >= rule.after_bytes
        return rule.after_chunks is not None and self.moved_chunks >= rule.after_chunks

    def _room(self, rule: Rule, size_bytes: int) -> int | None:
        if rule.point is not Point.CONTENT or self._has_moved(rule):
            return None
        if rule.after_bytes is not None:
            room = rule.after_bytes - self.moved_bytes
            return room if room <= size_bytes else None
        return size_bytes if rule.after_chunks == self.moved_chunks + 1 else None


def _is_lasting(rule: Rule) -> bool:
    return rule.fault is Fault.SLOW and rule.point is Point.CONTENT


def _path_of(request: Request) -> str:
    for key in ("path", "source", "upload_id"):
        value = request.params.get(key)
        if isinstance(value, str):
            return value
    return ""

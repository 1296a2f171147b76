"""Case: one thing that every driver must do, with what people need to know about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storagedriver.conformance.store import Store


class CaseSize(Enum):
    """When a case runs."""

    QUICK = "quick"
    """Always. `Store.pick` gives it smaller sizes unless the run is a full one."""
    FULL = "full"
    """In full runs only: it has no small form that would tell anything."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case of the suite; `case` makes one of a function. Immutable."""

    name: str
    topic: str
    """The module it stands in."""
    sentence: str
    """What it checks, for people."""
    covers: tuple[str, ...]
    """Keys of `requirements.REQUIREMENTS`: where in the contract or the original it comes from."""
    needs: frozenset[str]
    """Features without which it makes no sense."""
    unless: frozenset[str]
    """Features with any of which it makes no sense."""
    size: CaseSize
    holds_calls_open: bool
    """Whether it makes calls while others are open. For a driver that takes but one at a time it is
    skipped, and it counts as skipped where too few calls at once are answered Throttled."""
    run: Callable[[Store], None]
    """Does it. Raises CaseFailedError, or whatever the driver raised against the contract."""

    def reason_to_skip(self, features: frozenset[str], *, full: bool) -> str:
        """Return why it does not apply to such a driver and run; empty if it does."""
        if missing := self.needs - features:
            return f"the driver does not have the feature {', '.join(sorted(missing))}"
        if present := self.unless & features:
            return f"the driver has the feature {', '.join(sorted(present))}"
        if self.size is CaseSize.FULL and not full:
            return "only in full runs"
        return ""


def case(
    *covers: str,
    needs: Iterable[str] = (),
    unless: Iterable[str] = (),
    size: CaseSize = CaseSize.QUICK,
    holds_calls_open: bool = False,
) -> Callable[[Callable[[Store], None]], Case]:
    """Decorate a function so that it becomes a Case, which takes its name and its docstring."""

    def make(function: Callable[[Store], None]) -> Case:
        return Case(
            name=function.__name__,
            topic=function.__module__.rpartition(".")[2],
            sentence=" ".join((function.__doc__ or "").split()),
            covers=covers,
            needs=frozenset(needs),
            unless=frozenset(unless),
            size=size,
            holds_calls_open=holds_calls_open,
            run=function,
        )

    return make

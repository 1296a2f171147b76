"""What is done in a turn of a benchmark, and the figures that come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, runtime_checkable

from storagedriver.benchmarks.amounts import Amounts
from storagedriver.benchmarks.content import Content
from storagedriver.benchmarks.subject import Subject


class Better(Enum):
    """Which way a figure gets better."""

    LOWER = "lower"
    HIGHER = "higher"


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One figure: a row of the result. The name is unique among all."""

    name: str
    unit: str
    better: Better = Better.LOWER


Figures = Mapping[WorkItem, float]
"""What a turn has measured. A figure that the subject cannot have, such as the memory of a process
that it does not start, is missing."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a turn works with, the same for all subjects."""

    amounts: Amounts
    content: Content


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work, done by each subject in each round. Several figures may come of one."""

    name: str
    items: tuple[WorkItem, ...]
    function: Callable[[Subject, Setting], Figures]
    """Called with a subject that is stopped, and leaves it so: each turn has a fresh process."""
    is_for_drivers: bool = False
    """Whether it is about what a driver does, and none of what a peer is compared for."""
    most_rounds: int | None = None
    """For a work whose turn takes minutes where the others' take seconds."""


@runtime_checkable
class MeasuresItself(Protocol):
    """A subject that is not called from here: a program that does the works by itself.

    It starts what it measures anew for each turn, and leaves nothing running.
    """

    @property
    def name(self) -> str:
        """What the columns of the result are called."""
        ...

    def measure(self, work: Work, setting: Setting) -> Figures:
        """Do a work; return those of its figures that there are."""
        ...

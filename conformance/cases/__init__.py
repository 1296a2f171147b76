"""All cases of the suite, by topic."""

from __future__ import annotations

from types import ModuleType
from typing import Final

from storagedriver.conformance.case import Case
from storagedriver.conformance.cases import (
    concurrency,
    content,
    deleting,
    errors,
    interface_2014,
    life,
    listing,
    moving,
    namespace,
    paths,
    reading,
    replacing,
    stat,
    uploads,
    urls,
    walking,
    writing,
)

# The order in which they run: what everything else stands on comes first.
_TOPICS: Final[tuple[ModuleType, ...]] = (
    paths,
    content,
    reading,
    writing,
    stat,
    listing,
    walking,
    deleting,
    moving,
    namespace,
    errors,
    urls,
    uploads,
    replacing,
    concurrency,
    interface_2014,
    life,
)

CASES: Final[tuple[Case, ...]] = tuple(
    value for topic in _TOPICS for value in vars(topic).values() if isinstance(value, Case)
)
"""In the order in which they run."""

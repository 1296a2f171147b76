"""Every work does what it says with any subject. What times it finds is not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storagedriver.benchmarks.rounds import WORKS
from storagedriver.benchmarks.work import Setting, Work

if TYPE_CHECKING:
    from tests.benchmarks.conftest import DictionarySubject


# The subject has no process of its own, and the setting asks for no more objects than a thousand.
ABSENT = (" of the driver", "objects: 10,000", "objects: 100,000", "objects: 1,000,000")


@pytest.mark.parametrize("work", WORKS, ids=[work.name for work in WORKS])
def test_a_work_gives_all_its_figures_and_leaves_the_subject_stopped(
    work: Work, subject: DictionarySubject, setting: Setting
) -> None:
    figures = work.function(subject, setting)
    expected = {item for item in work.items if not item.name.endswith(ABSENT)}
    assert set(figures) == expected
    # What was freed before may serve again, so that nothing is added.
    assert all(value > 0 for item, value in figures.items() if "over idle" not in item.name)
    assert subject.contents is None

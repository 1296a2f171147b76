from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storagedriver.benchmarks.peers.child import PeerError
from storagedriver.benchmarks.rounds import WORKS
from storagedriver.benchmarks.work import Setting, Work, WorkItem

if TYPE_CHECKING:
    from storagedriver.benchmarks.peers.go_plugin import GoPlugin

OF_PYTHON = {"start of a bare interpreter", "start, in starts of a bare interpreter"}


@pytest.mark.parametrize(
    "work", [pytest.param(work, id=work.name) for work in WORKS if not work.is_for_drivers]
)
def test_it_measures_every_item(go_plugin: GoPlugin, work: Work, setting: Setting) -> None:
    figures = go_plugin.measure(work, setting)
    assert set(figures) == {item for item in work.items if item.name not in OF_PYTHON}
    assert all(value > 0 for item, value in figures.items() if "over idle" not in item.name)


def test_a_work_that_it_does_not_know_is_an_error(go_plugin: GoPlugin, setting: Setting) -> None:
    work = Work("unheard of", (), lambda subject, setting: {})
    with pytest.raises(PeerError, match='there is no work "unheard of"'):
        go_plugin.measure(work, setting)


def test_a_figure_that_python_does_not_know_is_an_error(
    go_plugin: GoPlugin, setting: Setting
) -> None:
    work = Work("start", (WorkItem("something else", "ms"),), lambda subject, setting: {})
    with pytest.raises(PeerError, match="start to first answer"):
        go_plugin.measure(work, setting)

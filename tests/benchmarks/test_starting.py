from __future__ import annotations

from typing import TYPE_CHECKING

from storagedriver.benchmarks.starting import START
from storagedriver.benchmarks.work import Setting

if TYPE_CHECKING:
    from tests.benchmarks.conftest import DictionarySubject


def test_a_subject_is_started_as_often_as_the_setting_says(
    subject: DictionarySubject, setting: Setting
) -> None:
    figures = START.function(subject, setting)
    assert subject.log == ["start dictionary", "stop dictionary"] * setting.amounts.starts
    starting, bare, compared = (figures[item] for item in START.items)
    assert compared == starting / bare

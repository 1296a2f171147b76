"""A suite class shares one driver between its tests, which so may leave what belongs to it."""

from __future__ import annotations

import unittest

import pytest


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> None:
    """As for all tests, but for those of a suite class.

    Its driver opens channels and files as it needs them and closes them after the last test, which
    test_same_over_ipc.py holds it to.
    """
    # By getattr, as pytest gives this no type.
    test: object = getattr(request, "instance", None)
    if not isinstance(test, unittest.TestCase):
        request.getfixturevalue("nothing_left_behind")

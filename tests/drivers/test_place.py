"""What a driver holds open, and until when."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from storagedriver.drivers.confined import Root
from storagedriver.drivers.place import Place


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_closing_closes_at_once_where_no_call_is_under_way(root: Root) -> None:
    descriptor = root.descriptor
    place = Place(root)
    with place:
        pass
    assert is_open(descriptor)
    place.close()
    place.close()
    assert not is_open(descriptor)


def test_the_last_call_under_way_closes(root: Root) -> None:
    descriptor = root.descriptor
    place = Place(root)
    with place:
        with place:
            place.close()
        assert is_open(descriptor)
    assert not is_open(descriptor)


def test_no_call_comes_in_after_closing(root: Root) -> None:
    place = Place(root)
    with place:
        place.close()
        with pytest.raises(ValueError, match="closed"), place:
            pass


def test_the_staging_directory_is_closed_too(
    root: Root, open_descriptors: Callable[[], int]
) -> None:
    before = open_descriptors()
    place = Place(root)
    with place, place.staging.create():
        pass
    assert open_descriptors() == before + 1
    place.close()
    assert open_descriptors() == before - 1

"""What a case gets: paths and contents of its seed, and expectations that see what is wrong."""

from __future__ import annotations

import pytest

from storagedriver.conformance import CaseFailedError, Outcome
from storagedriver.conformance.store import Store
from storagedriver.contract import (
    STRICT_PATHS,
    FileInfo,
    InvalidOffsetError,
    IsADirectoryError,
    PathNotFoundError,
    StorageDriver,
    StorageDriverError,
)
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.drivers.wrappers.checked import Checked


def make_store(
    driver: StorageDriver | None = None,
    *,
    seed: str = "seed",
    outcomes: list[Outcome] | None = None,
) -> Store:
    return Store(
        driver or Checked(InMemoryDriver()),
        InMemoryDriver,
        seed=seed,
        full=False,
        outcomes=[] if outcomes is None else outcomes,
    )


def test_paths_are_legal_and_differ() -> None:
    store = make_store()
    paths = [store.path(depth=depth) for depth in (1, 2, 3) * 300]
    for path in paths:
        STRICT_PATHS.check(path)
    assert len(set(paths)) == len(paths)


def test_one_seed_gives_the_same_and_another_does_not() -> None:
    one, same, other = (make_store(seed=seed) for seed in ("a", "a", "b"))
    assert (one.path(), one.content(10)) == (same.path(), same.content(10))
    assert one.path() != other.path()


def test_an_expected_error_is_returned() -> None:
    store = make_store()
    error = store.expect(PathNotFoundError("/a"), store.driver.get_content, "/a")
    assert error.path == "/a"


class Raises(InMemoryDriver):
    def __init__(self, error: StorageDriverError) -> None:
        super().__init__()
        self._error = error

    def get_content(self, path: str) -> bytes:
        raise self._error


@pytest.mark.parametrize(
    "error",
    [
        IsADirectoryError("/a"),
        StorageDriverError("Path not found: /a", code="PathNotFound"),
        PathNotFoundError("/b"),
        PathNotFoundError("/a", message="another text"),
        PathNotFoundError("/a", temporary=True),
        PathNotFoundError("/a", driver="another"),
        InvalidOffsetError("/a", 1),
    ],
)
def test_another_error_is_not_what_was_expected(error: StorageDriverError) -> None:
    store = make_store(Checked(Raises(error)))
    with pytest.raises(CaseFailedError):
        store.expect(PathNotFoundError("/a"), store.driver.get_content, "/a")


def test_no_error_is_not_what_was_expected() -> None:
    store = make_store()
    store.driver.put_content("/a", b"x")
    with pytest.raises(CaseFailedError, match="should raise PathNotFoundError, but: None"):
        store.expect(PathNotFoundError("/a"), store.driver.get_content, "/a")


def test_errors_of_python_are_expected_by_class() -> None:
    store = make_store()
    store.expect_class(ValueError, int, "x")
    with pytest.raises(CaseFailedError, match="should raise TypeError, but: ValueError"):
        store.expect_class(TypeError, int, "x")


class Lies(InMemoryDriver):
    """Tells another size than it has."""

    def stat(self, path: str) -> FileInfo:
        raise PathNotFoundError(path)


def test_content_is_checked_in_every_way() -> None:
    store = make_store()
    store.driver.put_content("/a", b"content")
    store.check_content("/a", b"content")
    for wrong in (b"Content", b"conten", b"content!"):
        with pytest.raises(CaseFailedError):
            store.check_content("/a", wrong)


def test_what_is_missing_is_missing_in_every_way() -> None:
    make_store().check_missing("/a")
    store = make_store(Checked(Lies()))
    store.driver.put_content("/a", b"x")
    with pytest.raises(CaseFailedError, match="should find nothing"):
        store.check_missing("/a")


def test_what_is_recorded_has_no_addresses() -> None:
    outcomes: list[Outcome] = []
    store = make_store(outcomes=outcomes)
    store.expect_class(TypeError, store.driver.put_content, "/a", object())  # type: ignore[arg-type]
    assert "object at" not in str(outcomes)

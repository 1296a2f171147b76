"""What errors carry, and which arguments are no arguments at all."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable

from storagedriver.conformance.case import case
from storagedriver.conformance.checking import require, require_equal
from storagedriver.conformance.store import Store
from storagedriver.contract import (
    InvalidOffsetError,
    InvalidPathError,
    PathNotFoundError,
    StorageDriverError,
    UnsupportedMethodError,
)
from storagedriver.contract.features import UPLOADS


@case("error classes", "error PathNotFound", "error InvalidPath", "error InvalidOffset")
def errors_say_what_the_originals_said(store: Store) -> None:
    """Messages begin with the original's text, and the error as a text names the driver."""
    driver = store.driver
    errors: list[tuple[StorageDriverError, str]] = [
        (store.expect(PathNotFoundError("/no"), driver.stat, "/no"), "Path not found: /no"),
        (store.expect(InvalidPathError("/No"), driver.stat, "/No"), "Invalid path: /No"),
        (
            store.expect(InvalidOffsetError("/no", -5), driver.read_stream, "/no", -5),
            "Invalid offset: -5 for path: /no",
        ),
    ]
    for error, text in errors:
        require(str(error).startswith(text), f"{str(error)!r} should begin {text!r}")
        require(driver.name in str(error), f"{str(error)!r} does not name {driver.name!r}")


@case("error classes")
def errors_survive_copying(store: Store) -> None:
    """An error that was pickled or copied is the same error."""
    error = store.expect(PathNotFoundError("/no"), store.driver.get_content, "/no")
    for other in (copy.copy(error), _loaded(pickle.dumps(error))):
        require_equal(type(other), type(error), "class of the copy")
        require_equal((str(other), vars(other)), (str(error), vars(error)), "the copy")


def _loaded(pickled: bytes) -> object:
    return pickle.loads(pickled)


@case("error classes", "close")
def driver_tells_about_itself(store: Store) -> None:
    """A driver has a name and a set of features."""
    driver = store.unrecorded
    require(bool(driver.name), "the driver has no name")
    require_equal(type(driver.features), frozenset, "type of the features")
    require(all(type(name) is str for name in driver.features), "a feature is no str")


@case("error types")
def wrong_types_of_paths(store: Store) -> None:
    """A path that is no str is TypeError, for every operation."""
    driver = store.driver
    driver.put_content("/there", b"x")
    calls: list[Callable[[str], object]] = [
        driver.get_content,
        driver.read_stream,
        driver.stat,
        driver.list,
        driver.walk,
        driver.delete,
        driver.url_for,
        driver.resume_write_position,
    ]
    for wrong in (None, 7, b"/there", ["/there"]):
        # That it is no path is what the case is about.
        path: str = wrong  # type: ignore[assignment]
        for call in calls:
            store.expect_class(TypeError, call, path)
        store.expect_class(TypeError, driver.put_content, path, b"x")
        store.expect_class(TypeError, driver.write_stream, path, 0, io.BytesIO(b"x"))
        store.expect_class(TypeError, driver.move, path, "/new")
        store.expect_class(TypeError, driver.move, "/there", path)
    store.check_walk(["/there"])


@case("error types")
def wrong_types_of_offsets_and_readers(store: Store) -> None:
    """An offset that is no int, a reader that cannot read and such a start are TypeError."""
    store.driver.put_content("/there", b"old")
    for wrong in (None, "1", 1.0, True, b"1"):
        # That it is no offset is what the case is about.
        offset: int = wrong  # type: ignore[assignment]
        store.expect_class(TypeError, store.driver.read_stream, "/there", offset)
        reader = io.BytesIO(b"new")
        store.expect_class(TypeError, store.driver.write_stream, "/there", offset, reader)
    for no_reader in (None, b"new", "new", 7):
        # The same for readers.
        store.expect_class(TypeError, store.driver.write_stream, "/there", 0, no_reader)  # type: ignore[arg-type]
    # And for the place where a walk begins.
    store.expect_class(TypeError, store.driver.walk, "/", 5)  # type: ignore[arg-type]
    store.check_content("/there", b"old")


@case("writer", "uploads", "error UnsupportedMethod", unless=[UPLOADS])
def uploads_are_refused(store: Store) -> None:
    """Without the feature `writer` and `uploads` are UnsupportedMethod."""
    store.expect(UnsupportedMethodError("OpenUpload"), store.driver.writer, "/a")
    store.expect(UnsupportedMethodError("ListUploads"), store.driver.uploads)
    store.check_listing("/", [])

"""Objects and directories of one name: refused in a tree, kept apart in a flat namespace."""

from __future__ import annotations

import io

from storagedriver.conformance.case import case
from storagedriver.conformance.checking import require
from storagedriver.conformance.store import Store
from storagedriver.contract import IsADirectoryError, NotADirectoryError, PathNotFoundError
from storagedriver.contract.features import FLAT_NAMESPACE


@case("edge 7", "dispute 5", "error IsADirectory")
def read_of_a_directory(store: Store) -> None:
    """get_content and read_stream of a directory are IsADirectory, which is a PathNotFound."""
    store.driver.put_content("/dir/sub/file", b"x")
    for path in ("/dir", "/dir/sub"):
        error = store.expect(IsADirectoryError(path), store.driver.get_content, path)
        require(isinstance(error, PathNotFoundError), "IsADirectory is no PathNotFound")
        for offset in (0, 5):
            store.expect(IsADirectoryError(path), store.driver.read_stream, path, offset)


@case("edge 10", "dispute 6", "error IsADirectory", unless=[FLAT_NAMESPACE])
def write_over_a_directory(store: Store) -> None:
    """put_content and write_stream over a directory are IsADirectory, and nothing has changed."""
    store.driver.put_content("/dir/sub/file", b"in it")
    for path in ("/dir", "/dir/sub"):
        store.expect(IsADirectoryError(path), store.driver.put_content, path, b"x")
        reader = io.BytesIO(b"x")
        store.expect(IsADirectoryError(path), store.driver.write_stream, path, 0, reader)
    store.check_content("/dir/sub/file", b"in it")
    store.check_walk(["/dir/sub/file"])


@case("edge 10", "dispute 6", "error NotADirectory", unless=[FLAT_NAMESPACE])
def write_below_a_file(store: Store) -> None:
    """put_content and write_stream below a file are NotADirectory, and nothing has changed."""
    store.driver.put_content("/dir/file", b"the file")
    for path in ("/dir/file/x", "/dir/file/x/y/z"):
        store.expect(NotADirectoryError(path), store.driver.put_content, path, b"x")
        reader = io.BytesIO(b"x")
        store.expect(NotADirectoryError(path), store.driver.write_stream, path, 0, reader)
    store.check_content("/dir/file", b"the file")
    store.check_walk(["/dir/file"])


@case("edge 10", "dispute 6", needs=[FLAT_NAMESPACE])
def object_and_prefix_of_one_name(store: Store) -> None:
    """In a flat namespace an object and what is below its name are both reachable, and stay so."""
    store.driver.put_content("/name", b"object")
    store.driver.put_content("/name/below", b"below")
    store.driver.put_content("/other/below", b"below")
    store.driver.put_content("/other", b"object")
    for path in ("/name", "/other"):
        store.check_content(path, b"object")
        store.check_content(f"{path}/below", b"below")
        store.check_listing(path, [f"{path}/below"])
    store.check_walk(["/name", "/name/below", "/other", "/other/below"])
    store.driver.delete("/name/below")
    store.check_content("/name", b"object")
    store.driver.move("/other/below", "/name/moved")
    store.check_content("/other", b"object")
    store.check_content("/name/moved", b"below")


@case("error PathNotFound", needs=[FLAT_NAMESPACE])
def nothing_below_an_object(store: Store) -> None:
    """In a flat namespace a path below an object where nothing is is not found, like any other."""
    store.driver.put_content("/name", b"object")
    store.check_missing("/name/below")
    store.check_content("/name", b"object")

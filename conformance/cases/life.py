"""The driver as an object: opened, closed, opened again."""

from __future__ import annotations

import io
from collections.abc import Callable

from storagedriver.conformance.case import case
from storagedriver.conformance.checking import require, require_equal
from storagedriver.conformance.store import KIB, Store
from storagedriver.contract import CURRENT_VERSION, Version


@case("close")
def close_twice(store: Store) -> None:
    """Closing a driver twice is no error, and closes no other driver."""
    with store.another_driver() as another:
        another.stat("/")
        another.close()
        another.close()
    store.driver.put_content("/a", b"still here")
    store.check_content("/a", b"still here")


@case("close", "error types")
def calls_after_close(store: Store) -> None:
    """Every call of a closed driver is ValueError."""
    driver = store.another_driver()
    driver.close()
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
    for call in calls:
        store.expect_class(ValueError, call, "/a")
    store.expect_class(ValueError, driver.put_content, "/a", b"x")
    store.expect_class(ValueError, driver.write_stream, "/a", 0, io.BytesIO(b"x"))
    store.expect_class(ValueError, driver.move, "/a", "/b")
    store.check_listing("/", [])


@case("version", "dispute 16")
def version_of_the_contract(store: Store) -> None:
    """A driver in another process says which version is spoken; its major one is the contract's."""
    version = getattr(store.unrecorded, "version", CURRENT_VERSION)
    require(isinstance(version, Version), f"version is {version!r}")
    require_equal(version.major, CURRENT_VERSION.major, "major version")
    require(version.minor <= CURRENT_VERSION.minor, f"{version} is newer than {CURRENT_VERSION}")


@case("edge 22", "put_content", "move", "delete")
def acknowledged_changes_are_there(store: Store) -> None:
    """Another driver of the store finds all that was acknowledged, though the first is still open.

    A store that ends with its driver, such as one in memory, is empty then; it is never in between.
    A power cut is more than a suite can do.
    """
    store.driver.put_content("/put", b"put")
    store.write("/written", 0, store.content(100 * KIB))
    store.driver.put_content("/a/moved", b"moved")
    store.driver.move("/a/moved", "/b/moved")
    store.driver.put_content("/gone", b"gone")
    store.driver.delete("/gone")
    with store.another_driver() as another:
        found = {info.path: info.size for info in another.walk("/")}
        kept = {"/b/moved": 5, "/put": 3, "/written": 100 * KIB}
        require(found in (kept, {}), f"another driver of the store finds {found}")
        if found:
            require_equal(another.get_content("/b/moved"), b"moved", "/b/moved")
            require_equal(another.list("/"), ["/b", "/put", "/written"], "list(/)")
    store.check_walk(sorted(kept))

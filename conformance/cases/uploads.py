"""Hidden uploads: what shows of them, how they are continued, and what a commit checks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from operator import methodcaller

from storagedriver.conformance.case import case
from storagedriver.conformance.checking import require, require_equal
from storagedriver.conformance.store import KIB, MIB, Store, failure_of
from storagedriver.contract import (
    ChecksumMismatchError,
    InvalidOffsetError,
    InvalidParametersError,
    InvalidPathError,
    IsADirectoryError,
    NotADirectoryError,
    PathNotFoundError,
    StorageDriver,
)
from storagedriver.contract.features import FLAT_NAMESPACE, UPLOADS


@case("writer", "uploads", "edge 18", needs=[UPLOADS])
def upload_is_hidden_until_its_commit(store: Store) -> None:
    """Until its commit nothing of an upload shows at its path, in list, stat or walk; then all."""
    content = store.content(2 * MIB + 4321)
    path = "/new/dir/object"
    with store.driver.writer(path) as upload:
        require_equal(upload.size, 0, "size of a new upload")
        for end in (0, 1, 100 * KIB, len(content)):
            start = upload.size
            require_equal(upload.write(content[start:end]), end - start, "bytes written")
            _check_hidden(store, path)
        upload.commit()
    store.check_content(path, content)
    store.check_walk([path])
    _check_none_open(store)


def _check_hidden(store: Store, path: str) -> None:
    store.check_missing(path)
    store.check_listing("/", [])
    store.check_walk([])
    store.expect(PathNotFoundError("/new"), store.driver.stat, "/new")


def _check_none_open(store: Store) -> None:
    require_equal([info.path for info in store.driver.uploads()], [], "open uploads")


@case("writer", needs=[UPLOADS])
def upload_of_nothing(store: Store) -> None:
    """An upload without a write is committed as an empty object; so is one of empty writes."""
    for writes in (0, 3):
        path = store.path()
        with store.driver.writer(path) as upload:
            for _ in range(writes):
                require_equal(upload.write(b""), 0, "bytes written")
            upload.commit(size=0, digest="sha256:" + hashlib.sha256().hexdigest())
        store.check_content(path, b"")
    _check_none_open(store)


@case("writer", "also sizes", needs=[UPLOADS])
def upload_in_pieces_of_every_size(store: Store) -> None:
    """Many small writes, and few large ones, come together in their order."""
    for piece_bytes, count in ((1, 300), (4099, 40), (2 * MIB + 1, store.pick(quick=3, full=50))):
        content = store.content(piece_bytes * count)
        path = store.path()
        with store.driver.writer(path) as upload:
            for start in range(0, len(content), piece_bytes):
                upload.write(content[start : start + piece_bytes])
            require_equal(upload.size, len(content), f"size after pieces of {piece_bytes}")
            upload.commit(digest=_sha256(content))
        store.check_content(path, content)


def _sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


@case("writer", "also copies", needs=[UPLOADS])
def upload_of_every_bytes_type(store: Store) -> None:
    """A write takes any bytes-like object, counts its bytes, and has copied it when it returns."""
    path = store.path()
    numbers = memoryview(b"12345678").cast("I")
    with store.driver.writer(path) as upload:
        reused = bytearray(b"abc")
        require_equal(upload.write(reused), 3, "bytes written")
        reused[:] = b"xyz"
        upload.write(memoryview(reused)[::2].tobytes())
        upload.write(memoryview(b"0123456789")[2:5])
        require_equal(upload.write(numbers), 8, "bytes written")
        for wrong in (None, "text", 7, ["a"]):
            # That it is no content is what the case is about.
            store.expect_class(TypeError, upload.write, wrong)  # type: ignore[arg-type]
        upload.commit()
    store.check_content(path, b"abcxz23412345678")


@case("writer", "uploads", needs=[UPLOADS])
def upload_is_kept_by_close_and_resumed(store: Store) -> None:
    """close keeps an upload, and its id continues it at its size, as often as one likes."""
    content = store.content(300 * KIB)
    path = store.path()
    upload = store.driver.writer(path)
    for end in (0, 1, 70 * KIB, 70 * KIB, len(content)):
        upload.write(content[upload.size : end])
        upload.close()
        upload.close()
        require_equal(_sizes(store.driver), {path: end}, "open uploads")
        store.check_missing(path)
        upload = store.driver.writer(path, resume=upload.upload_id)
        require_equal(upload.size, end, "size resumed at")
    upload.commit(size=len(content), digest=_sha256(content))
    store.check_content(path, content)
    _check_none_open(store)


def _sizes(driver: StorageDriver) -> dict[str, int]:
    return {info.path: info.size for info in driver.uploads()}


@case("writer", "uploads", "edge 22", needs=[UPLOADS])
def upload_is_resumed_by_another_driver(store: Store) -> None:
    """Another driver of the store finds an upload, though its writer is still open, and ends it.

    A store that ends with its driver has no uploads there; it never has half of one.
    """
    content = store.content(200 * KIB)
    path = store.path()
    upload = store.driver.writer(path)
    upload.write(content[: 90 * KIB])
    with store.another_driver() as another:
        if not list(another.uploads()):
            store.expect(PathNotFoundError(path), another.writer, path, resume=upload.upload_id)
            return
        require_equal(_sizes(another), {path: 90 * KIB}, "open uploads of another driver")
        with another.writer(path, resume=upload.upload_id) as resumed:
            require_equal(resumed.size, 90 * KIB, "size resumed at")
            resumed.write(content[90 * KIB :])
            error = InvalidOffsetError(path, 90 * KIB)
            store.expect(error, upload.write, b"of the stale writer")
            resumed.commit(digest=_sha256(content))
    store.check_content(path, content)
    for call in (partial(upload.write, b"x"), upload.commit, upload.cancel):
        store.expect(PathNotFoundError(path), call)
    upload.close()
    store.check_content(path, content)


@case("writer", "error PathNotFound", needs=[UPLOADS])
def upload_of_a_wrong_id(store: Store) -> None:
    """An id of which there is no upload to this path is PathNotFound, whatever it looks like."""
    path = "/a/b"
    upload = store.driver.writer(path)
    upload.write(b"content")
    right = upload.upload_id
    wrong = ["", "x", "0" * 32, "/", "..", "../../a", "/etc/passwd", "a\0b", "a\nb", "\N{SNOWMAN}"]
    wrong += [right + "0", right[:-1], right + "\n", right + "/../" + right, "\ud800", "a" * 10_000]
    for upload_id in wrong:
        store.expect(PathNotFoundError(path), store.driver.writer, path, resume=upload_id)
    for other in ("/a", "/a/b/c", "/a/b-c", "/b"):
        store.expect(PathNotFoundError(other), store.driver.writer, other, resume=right)
    for no_text in (7, b"x", True):
        # That it is no id is what the case is about.
        store.expect_class(TypeError, partial(store.driver.writer, path, resume=no_text))  # type: ignore[arg-type]
    upload.commit()
    store.check_content(path, b"content")
    store.expect(PathNotFoundError(path), store.driver.writer, path, resume=right)
    _check_none_open(store)


@case("writer", "error InvalidOffset", needs=[UPLOADS])
def upload_with_a_stale_writer(store: Store) -> None:
    """A writer that another has overtaken is InvalidOffset, and what the other wrote is intact."""
    path = store.path()
    stale = store.driver.writer(path)
    stale.write(b"first,")
    with store.driver.writer(path, resume=stale.upload_id) as upload:
        upload.write(b"second,")
        for content in (b"stale", b"", store.content(3 * MIB)):
            error = store.expect(InvalidOffsetError(path, 6), stale.write, content)
            require_equal(error.stored, 13, "what the error says is stored")
        require_equal(stale.size, 6, "what the stale writer believes")
        # Nor may it publish what it does not know of.
        store.expect(ChecksumMismatchError(path), stale.commit)
        # Its end is not that of the upload.
        stale.close()
        upload.write(b"third")
        upload.commit(digest=_sha256(b"first,second,third"))
    store.check_content(path, b"first,second,third")


@case("writer", needs=[UPLOADS])
def upload_that_another_writer_ends(store: Store) -> None:
    """Once an upload was committed or cancelled, its other writers are PathNotFound."""
    for end in (methodcaller("commit"), methodcaller("cancel")):
        path = store.path()
        other = store.driver.writer(path)
        end(store.driver.writer(path, resume=other.upload_id))
        for call in (partial(other.write, b"x"), other.commit, other.cancel):
            store.expect(PathNotFoundError(path), call)
        other.close()
    _check_none_open(store)


@case("writer", "error ChecksumMismatch", needs=[UPLOADS])
def upload_with_a_wrong_size_or_digest(store: Store) -> None:
    """A commit of a wrong size or digest publishes nothing, and a right one is still possible."""
    content = store.content(100 * KIB)
    size = len(content)
    for algorithm in ("sha256", "sha512", "md5"):
        path = store.path()
        store.driver.put_content(path, b"old")
        right = f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
        wrong = f"{algorithm}:{hashlib.new(algorithm, b'other').hexdigest()}"
        with store.driver.writer(path) as upload:
            upload.write(content[:-5])
            store.expect(ChecksumMismatchError(path), upload.commit, size=size, digest=right)
            upload.write(content[-5:])
            for claimed in (0, size - 1, size + 1, 2**63 - 1):
                store.expect(ChecksumMismatchError(path), upload.commit, size=claimed)
                store.expect(ChecksumMismatchError(path), upload.commit, size=claimed, digest=right)
            store.expect(ChecksumMismatchError(path), upload.commit, digest=wrong)
            store.expect(ChecksumMismatchError(path), upload.commit, size=size, digest=wrong)
            store.check_content(path, b"old")
            require_equal(_sizes(store.driver), {path: size}, "open uploads")
            upload.commit(size=size, digest=right)
        store.check_content(path, content)


@case("writer", "error InvalidParameters", "error types", needs=[UPLOADS])
def upload_with_a_digest_that_is_none(store: Store) -> None:
    """A malformed or unknown digest is InvalidParameters naming it; the upload stays."""
    path = store.path()
    hexadecimal = hashlib.sha256(b"content").hexdigest()
    digests = ["", "sha256", "sha256:", ":", hexadecimal, "sha256:" + hexadecimal[1:]]
    digests += [f"sha256:{hexadecimal}0", f"sha256:{hexadecimal.upper()}", f"no-such:{hexadecimal}"]
    digests += ["sha256:" + "g" * 64, f"SHA256:{hexadecimal}", f"shake_128:{hexadecimal}"]
    digests += [f"sha256:{hexadecimal}\n", f" sha256:{hexadecimal}", f"sha256-{hexadecimal}"]
    with store.driver.writer(path) as upload:
        upload.write(b"content")
        for digest in digests:
            _check_refused(store, "digest", partial(upload.commit, digest=digest))
        for size in (-1, 2**63, -(2**70)):
            _check_refused(store, "size", partial(upload.commit, size=size))
        for no_size in ("7", 7.0, True):
            # That it is no size is what the case is about.
            store.expect_class(TypeError, partial(upload.commit, size=no_size))  # type: ignore[arg-type]
        # The same for digests.
        store.expect_class(TypeError, partial(upload.commit, digest=7))  # type: ignore[arg-type]
        store.check_missing(path)
        upload.commit(digest=f"sha256:{hexadecimal}")
    store.check_content(path, b"content")


def _check_refused(store: Store, parameter: str, commit: Callable[[], None]) -> None:
    error = failure_of(commit)
    require(isinstance(error, InvalidParametersError), f"a wrong {parameter} gives {error!r}")
    if isinstance(error, InvalidParametersError):
        require_equal(error.parameter, parameter, "the parameter that the error names")
        require_equal(error.name, store.driver.name, "the driver that the error names")


@case("writer", "edge 20", needs=[UPLOADS], holds_calls_open=True)
def upload_over_an_object(store: Store) -> None:
    """The old content can be read until the commit, and by who opened it before, to the end."""
    old, new = store.content(6 * MIB), store.content(3 * MIB)
    path = "/dir/object"
    store.driver.put_content(path, old)
    with store.driver.writer(path) as upload:
        upload.write(new)
        store.check_content(path, old)
        before = store.driver.stat(path).mod_time
        with store.unrecorded.read_stream(path) as stream:
            begun = stream.read(1000)
            upload.commit()
            require_equal(_sha256(begun + stream.read()), _sha256(old), "what an open reader got")
    store.check_content(path, new)
    after = store.driver.stat(path).mod_time
    require(before is not None and after is not None and after >= before, "mod_time went backwards")


@case("writer", "edge 10", needs=[UPLOADS], unless=[FLAT_NAMESPACE])
def upload_to_where_no_object_can_be(store: Store) -> None:
    """A commit over a directory is IsADirectory, below a file NotADirectory; nothing changes."""
    store.driver.put_content("/dir/file", b"there")
    for path, error in (
        ("/dir", IsADirectoryError("/dir")),
        ("/dir/file/below", NotADirectoryError("/dir/file/below")),
        ("/dir/file/below/deep", NotADirectoryError("/dir/file/below/deep")),
    ):
        with store.driver.writer(path) as upload:
            upload.write(b"content")
            store.expect(error, upload.commit)
            require_equal(_sizes(store.driver), {path: 7}, "open uploads")
            store.check_walk(["/dir/file"])
            upload.cancel()
    upload = store.driver.writer("/dir")
    upload.write(b"content")
    store.driver.delete("/dir")
    upload.commit()
    store.check_content("/dir", b"content")


@case("writer", "uploads", needs=[UPLOADS])
def upload_that_is_cancelled(store: Store) -> None:
    """cancel drops an upload and changes nothing at its path."""
    store.driver.put_content("/there", b"old")
    for path in ("/there", "/not/there"):
        upload = store.driver.writer(path)
        upload.write(store.content(100 * KIB))
        upload.cancel()
        _check_none_open(store)
        store.expect(PathNotFoundError(path), store.driver.writer, path, resume=upload.upload_id)
    store.check_walk(["/there"])
    store.check_content("/there", b"old")


@case("writer", needs=[UPLOADS])
def upload_that_has_ended(store: Store) -> None:
    """After commit, cancel or close every call but close is ValueError."""
    for end in (methodcaller("commit"), methodcaller("cancel"), methodcaller("close")):
        upload = store.driver.writer(store.path())
        end(upload)
        for call in (partial(upload.write, b"x"), upload.commit, upload.cancel):
            store.expect_class(ValueError, call)
        upload.close()
        require(bool(upload.upload_id), "the id is gone")


@case("writer", "close", needs=[UPLOADS])
def upload_of_a_closed_driver(store: Store) -> None:
    """After the driver was closed every call of a writer but close is ValueError."""
    driver = store.another_driver()
    upload = driver.writer("/a")
    upload.write(b"content")
    driver.close()
    for call in (partial(upload.write, b"x"), upload.commit, upload.cancel):
        store.expect_class(ValueError, call)
    upload.close()
    store.expect_class(ValueError, driver.uploads)
    store.expect_class(ValueError, driver.writer, "/a")
    store.check_missing("/a")


@case("writer", "uploads", needs=[UPLOADS])
def uploads_to_one_path(store: Store) -> None:
    """Several uploads to one path do not meet; the last one that is committed stays."""
    path = store.path()
    first, second, third = (store.driver.writer(path) for _ in range(3))
    require_equal(len({first.upload_id, second.upload_id, third.upload_id}), 3, "different ids")
    for number in range(3):
        first.write(b"a%d" % number)
        second.write(b"b%d" % number)
    third.write(b"never seen")
    second.commit()
    store.check_content(path, b"b0b1b2")
    first.commit()
    store.check_content(path, b"a0a1a2")
    third.cancel()
    store.check_content(path, b"a0a1a2")
    _check_none_open(store)


@case("uploads", "edge 14", needs=[UPLOADS])
def uploads_below_a_path(store: Store) -> None:
    """uploads gives those to a path and below it, by path and then id, and none to siblings."""
    opened: list[tuple[str, str, int]] = []
    for size, path in enumerate(("/a", "/ab", "/a/b", "/a-b", "/a.b", "/a/b", "/a/b/c", "/a")):
        with store.driver.writer(path) as upload:
            upload.write(b"x" * size)
            opened.append((path, upload.upload_id, size))
    opened.sort()
    for prefix in ("/", "/a", "/a/b", "/a-b", "/ab", "/b", "/a/b/c/d"):
        below = "/" if prefix == "/" else prefix + "/"
        expected = [each for each in opened if (each[0] + "/").startswith(below)]
        found = [(info.path, info.upload_id, info.size) for info in store.driver.uploads(prefix)]
        require_equal(found, expected, f"uploads({prefix})")
    for info in store.driver.uploads():
        offset = info.time.utcoffset()
        require(offset is not None and not offset, f"the time of an upload is {info.time!r}")
    store.expect(InvalidPathError("/a/"), store.driver.uploads, "/a/")
    store.check_listing("/", [])


@case("writer", "edge 14", needs=[UPLOADS])
def uploads_of_others_stay(store: Store) -> None:
    """Neither a delete nor a move of its path touches an upload, nor does a put."""
    path = "/dir/object"
    store.driver.put_content(path, b"old")
    with store.driver.writer(path) as upload:
        upload.write(b"new")
        store.driver.delete("/dir")
        store.driver.put_content(path, b"other")
        store.driver.move("/dir/object", "/elsewhere")
        upload.write(b"er")
        store.check_walk(["/elsewhere"])
        upload.commit()
    store.check_content(path, b"newer")
    store.check_content("/elsewhere", b"other")

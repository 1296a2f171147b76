"""A writer of an upload in another process: what it knows of the size, when it opens again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import cast

import pytest

from storagedriver.contract import (
    DriverCrashedError,
    InvalidOffsetError,
    InvalidParametersError,
    IsADirectoryError,
    NoSpaceError,
    OutcomeUnknownError,
    PathNotFoundError,
    Reader,
    StorageDriverError,
)
from storagedriver.ipc.events import EventKind
from storagedriver.ipc.messages import Wire
from storagedriver.ipc.remote_upload import RemoteUpload
from storagedriver.ipc.replaying import ReplayingCaller

ID = "the id"
Answer = dict[str, Wire] | StorageDriverError


class FakeRepeating:
    """Allows a call so many repeats."""

    def __init__(self, allowed: int) -> None:
        self.left = allowed
        self.told: list[EventKind] = []

    def prepare(self, crash: DriverCrashedError) -> None:
        if self.left == 0:
            raise crash
        self.left -= 1

    def tell(self, kind: EventKind) -> None:
        self.told.append(kind)

    def unknown(self, crash: DriverCrashedError) -> OutcomeUnknownError:
        return OutcomeUnknownError("the method", "/a")


class FakeCalls:
    """Answers as told, and notes the calls and their params."""

    name = "mine"
    is_closed = False

    def __init__(self) -> None:
        self.account = FakeRepeating(allowed=0)
        self.size_there: int | None = None
        self.calls: list[tuple[str, dict[str, Wire]]] = []
        self.sent: list[bytes] = []
        self.answers: list[Answer] = []

    @property
    def once(self) -> FakeCalls:
        return self

    def repeating(self, method: str, path: str) -> FakeRepeating:
        return self.account

    def size_of(self, path: str) -> int | None:
        return self.size_there

    def will_answer(self, *answers: Answer) -> None:
        self.answers += answers

    def call(self, method: str, params: Mapping[str, Wire], path: str) -> Mapping[str, Wire]:
        assert path == "/a"
        self.calls.append((method, dict(params)))
        answer = self.answers.pop(0)
        if isinstance(answer, StorageDriverError):
            raise answer
        return answer

    def write(
        self, method: str, params: Mapping[str, Wire], path: str, reader: Reader
    ) -> Mapping[str, Wire]:
        self.sent.append(bytes(reader.read(1 << 20)))
        return self.call(method, params, path)


def not_open() -> PathNotFoundError:
    return PathNotFoundError(ID, reason="no such upload is open")


def opened(size: int) -> dict[str, Wire]:
    return {"upload_id": ID, "size": size}


@pytest.fixture
def caller() -> FakeCalls:
    return FakeCalls()


@pytest.fixture
def upload(caller: FakeCalls) -> Iterator[RemoteUpload]:
    """One that has ten bytes."""
    caller.will_answer(opened(10))
    upload = RemoteUpload(cast("ReplayingCaller", caller), "/a", ID)
    assert caller.calls == [("OpenUpload", {"path": "/a", "upload_id": ID})]
    caller.calls.clear()
    yield upload
    # Whatever the driver was told to answer was asked for.
    assert caller.answers == []


def test_a_new_upload_is_opened_without_an_id(caller: FakeCalls) -> None:
    caller.will_answer(opened(0))
    upload = RemoteUpload(cast("ReplayingCaller", caller), "/a", None)
    assert caller.calls == [("OpenUpload", {"path": "/a"})]
    assert (upload.upload_id, upload.size) == (ID, 0)


def test_a_write_goes_on_where_the_last_one_ended(caller: FakeCalls, upload: RemoteUpload) -> None:
    caller.will_answer({"size": 13}, {"size": 15})
    assert upload.write(b"abc") == 3
    assert upload.write(memoryview(b"de")) == 2
    assert [params["offset"] for _, params in caller.calls] == [10, 13]
    assert caller.sent == [b"abc", b"de"]
    assert upload.size == 15


def test_what_an_error_says_is_stored_is_known(caller: FakeCalls, upload: RemoteUpload) -> None:
    caller.will_answer(NoSpaceError("/a", stored=11), DriverCrashedError(None, 9, "", pid=7))
    with pytest.raises(NoSpaceError):
        upload.write(b"abc")
    assert upload.size == 11
    with pytest.raises(DriverCrashedError):
        upload.write(b"bc")
    assert upload.size == 11


def test_a_stale_writer_stays_where_it_was(caller: FakeCalls, upload: RemoteUpload) -> None:
    caller.will_answer(InvalidOffsetError("/a", 10, stored=20))
    with pytest.raises(InvalidOffsetError):
        upload.write(b"abc")
    assert upload.size == 10


def test_an_upload_that_another_has_closed_is_opened_again(
    caller: FakeCalls, upload: RemoteUpload
) -> None:
    caller.will_answer(not_open(), opened(10), {"size": 13})
    assert upload.write(b"abc") == 3
    assert [method for method, _ in caller.calls] == ["WriteUpload", "OpenUpload", "WriteUpload"]
    assert caller.sent == [b"abc", b"abc"]


def test_what_was_stored_before_it_was_closed_is_not_sent_again(
    caller: FakeCalls, upload: RemoteUpload
) -> None:
    closed = not_open()
    closed.stored = 12
    caller.will_answer(closed, opened(12), {"size": 13})
    assert upload.write(b"abc") == 3
    assert caller.sent == [b"abc", b"c"]
    assert caller.calls[-1][1]["offset"] == 12


def test_an_upload_that_is_gone_is_named_by_its_path(
    caller: FakeCalls, upload: RemoteUpload
) -> None:
    calls: list[Callable[[], object]] = [lambda: upload.write(b"x"), upload.commit, upload.cancel]
    for call in calls:
        caller.will_answer(not_open(), PathNotFoundError("/a"))
        with pytest.raises(PathNotFoundError) as caught:
            call()
        assert caught.value.path == "/a"


def test_an_upload_that_is_closed_again_before_the_write_is_opened_once_more(
    caller: FakeCalls, upload: RemoteUpload
) -> None:
    caller.will_answer(not_open(), opened(10), not_open(), opened(10), {"size": 13})
    upload.write(b"abc")
    assert upload.size == 13


def test_an_upload_is_not_opened_again_for_ever(caller: FakeCalls, upload: RemoteUpload) -> None:
    again: list[Answer] = [not_open(), opened(10)]
    caller.will_answer(*again * 5, not_open())
    with pytest.raises(PathNotFoundError):
        upload.write(b"abc")


def test_a_path_that_cannot_be_is_no_upload_that_is_gone(
    caller: FakeCalls, upload: RemoteUpload
) -> None:
    caller.will_answer(IsADirectoryError("/a"), {})
    with pytest.raises(IsADirectoryError):
        upload.commit()
    upload.commit()


def test_a_commit_always_says_the_size(caller: FakeCalls, upload: RemoteUpload) -> None:
    caller.will_answer({})
    upload.commit()
    assert caller.calls == [("CommitUpload", {"upload_id": ID, "size": 10, "digest": None})]


def test_a_digest_that_is_none_is_not_sent(caller: FakeCalls, upload: RemoteUpload) -> None:
    with pytest.raises(InvalidParametersError, match="driver mine") as caught:
        upload.commit(digest="md5")
    assert (caught.value.name, caught.value.parameter) == ("mine", "digest")
    assert caller.calls == []


@pytest.mark.parametrize("end", ["commit", "cancel", "close"])
def test_after_its_end_nothing_is_sent(caller: FakeCalls, upload: RemoteUpload, end: str) -> None:
    caller.will_answer({})
    getattr(upload, end)()
    upload.close()
    for call in (lambda: upload.write(b"x"), upload.commit, upload.cancel):
        with pytest.raises(ValueError, match="the upload is closed"):
            call()
    assert len(caller.calls) == 1


def test_a_closed_driver_has_closed_it(caller: FakeCalls, upload: RemoteUpload) -> None:
    caller.is_closed = True
    for call in (lambda: upload.write(b"x"), upload.commit, upload.cancel):
        with pytest.raises(ValueError, match="the driver mine is closed"):
            call()
    upload.close()
    assert caller.calls == []


CRASH = DriverCrashedError(None, 9, "", pid=7)


class TestCrashes:
    def test_a_write_goes_on_at_the_size_that_is_stored(
        self, caller: FakeCalls, upload: RemoteUpload
    ) -> None:
        caller.account.left = 1
        caller.will_answer(CRASH, opened(12), {"size": 16})
        assert upload.write(b"abcdef") == 6
        assert upload.size == 16
        assert caller.sent == [b"abcdef", b"cdef"]
        assert caller.account.told == [EventKind.STREAM_RESUMED]

    def test_a_write_that_was_stored_whole_is_not_sent_again(
        self, caller: FakeCalls, upload: RemoteUpload
    ) -> None:
        caller.account.left = 1
        caller.will_answer(CRASH, opened(13))
        assert upload.write(b"abc") == 3
        assert upload.size == 13

    def test_a_write_that_meets_several_crashes_goes_on_after_each(
        self, caller: FakeCalls, upload: RemoteUpload
    ) -> None:
        caller.account.left = 2
        caller.will_answer(CRASH, opened(11), CRASH, opened(12), {"size": 13})
        upload.write(b"abc")
        assert caller.sent == [b"abc", b"bc", b"c"]

    @pytest.mark.parametrize("found", [9, 14])
    def test_a_size_that_is_not_of_this_write_is_not_taken_for_progress(
        self, caller: FakeCalls, upload: RemoteUpload, found: int
    ) -> None:
        caller.account.left = 1
        caller.will_answer(CRASH, opened(found), InvalidOffsetError("/a", 10, stored=found))
        with pytest.raises(InvalidOffsetError):
            upload.write(b"abc")
        assert upload.size == 10
        assert caller.calls[-1] == ("WriteUpload", {"upload_id": ID, "offset": 10})

    def test_a_commit_of_what_is_still_there_is_made_again(
        self, caller: FakeCalls, upload: RemoteUpload
    ) -> None:
        caller.account.left = 1
        caller.will_answer(CRASH, opened(10), {})
        upload.commit()
        assert [method for method, _ in caller.calls].count("CommitUpload") == 2

    def test_a_commit_that_was_done_is_found_to_be(
        self, caller: FakeCalls, upload: RemoteUpload
    ) -> None:
        caller.account.left = 1
        caller.size_there = 10
        caller.will_answer(CRASH, PathNotFoundError("/a"))
        upload.commit()
        assert [method for method, _ in caller.calls] == ["CommitUpload", "OpenUpload"]
        with pytest.raises(ValueError, match="closed"):
            upload.write(b"more")

    @pytest.mark.parametrize("size_there", [None, 11])
    def test_a_commit_of_what_has_gone_elsewhere_is_unknown(
        self, caller: FakeCalls, upload: RemoteUpload, size_there: int | None
    ) -> None:
        caller.account.left = 1
        caller.size_there = size_there
        caller.will_answer(CRASH, PathNotFoundError("/a"))
        with pytest.raises(OutcomeUnknownError) as caught:
            upload.commit()
        assert caught.value.__cause__ is CRASH

    def test_a_cancellation_of_what_has_gone_is_done(
        self, caller: FakeCalls, upload: RemoteUpload
    ) -> None:
        caller.account.left = 1
        caller.will_answer(CRASH, PathNotFoundError("/a"))
        upload.cancel()

    def test_closing_is_no_concern_of_a_driver_that_is_gone(
        self, caller: FakeCalls, upload: RemoteUpload
    ) -> None:
        caller.will_answer(CRASH)
        upload.close()

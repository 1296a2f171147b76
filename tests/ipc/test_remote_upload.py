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
    PathNotFoundError,
    Reader,
    StorageDriverError,
)
from storagedriver.ipc.caller import Caller
from storagedriver.ipc.messages import Wire
from storagedriver.ipc.remote_upload import RemoteUpload

ID = "the id"
Answer = dict[str, Wire] | StorageDriverError


class FakeCaller:
    """Answers as told, and notes the calls and their params."""

    name = "mine"
    is_closed = False

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Wire]]] = []
        self.sent: list[bytes] = []
        self.answers: list[Answer] = []

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
def caller() -> FakeCaller:
    return FakeCaller()


@pytest.fixture
def upload(caller: FakeCaller) -> Iterator[RemoteUpload]:
    """One that has ten bytes."""
    caller.will_answer(opened(10))
    upload = RemoteUpload(cast("Caller", caller), "/a", ID)
    assert caller.calls == [("OpenUpload", {"path": "/a", "upload_id": ID})]
    caller.calls.clear()
    yield upload
    # Whatever the driver was told to answer was asked for.
    assert caller.answers == []


def test_a_new_upload_is_opened_without_an_id(caller: FakeCaller) -> None:
    caller.will_answer(opened(0))
    upload = RemoteUpload(cast("Caller", caller), "/a", None)
    assert caller.calls == [("OpenUpload", {"path": "/a"})]
    assert (upload.upload_id, upload.size) == (ID, 0)


def test_a_write_goes_on_where_the_last_one_ended(caller: FakeCaller, upload: RemoteUpload) -> None:
    caller.will_answer({"size": 13}, {"size": 15})
    assert upload.write(b"abc") == 3
    assert upload.write(memoryview(b"de")) == 2
    assert [params["offset"] for _, params in caller.calls] == [10, 13]
    assert caller.sent == [b"abc", b"de"]
    assert upload.size == 15


def test_what_an_error_says_is_stored_is_known(caller: FakeCaller, upload: RemoteUpload) -> None:
    caller.will_answer(NoSpaceError("/a", stored=11), DriverCrashedError(None, 9, ""))
    with pytest.raises(NoSpaceError):
        upload.write(b"abc")
    assert upload.size == 11
    with pytest.raises(DriverCrashedError):
        upload.write(b"bc")
    assert upload.size == 11


def test_a_stale_writer_stays_where_it_was(caller: FakeCaller, upload: RemoteUpload) -> None:
    caller.will_answer(InvalidOffsetError("/a", 10, stored=20))
    with pytest.raises(InvalidOffsetError):
        upload.write(b"abc")
    assert upload.size == 10


def test_an_upload_that_another_has_closed_is_opened_again(
    caller: FakeCaller, upload: RemoteUpload
) -> None:
    caller.will_answer(not_open(), opened(10), {"size": 13})
    assert upload.write(b"abc") == 3
    assert [method for method, _ in caller.calls] == ["WriteUpload", "OpenUpload", "WriteUpload"]
    assert caller.sent == [b"abc", b"abc"]


def test_what_was_stored_before_it_was_closed_is_not_sent_again(
    caller: FakeCaller, upload: RemoteUpload
) -> None:
    closed = not_open()
    closed.stored = 12
    caller.will_answer(closed, opened(12), {"size": 13})
    assert upload.write(b"abc") == 3
    assert caller.sent == [b"abc", b"c"]
    assert caller.calls[-1][1]["offset"] == 12


def test_an_upload_that_is_gone_is_named_by_its_path(
    caller: FakeCaller, upload: RemoteUpload
) -> None:
    calls: list[Callable[[], object]] = [lambda: upload.write(b"x"), upload.commit, upload.cancel]
    for call in calls:
        caller.will_answer(not_open(), PathNotFoundError("/a"))
        with pytest.raises(PathNotFoundError) as caught:
            call()
        assert caught.value.path == "/a"


def test_an_upload_is_opened_again_only_once(caller: FakeCaller, upload: RemoteUpload) -> None:
    caller.will_answer(not_open(), opened(10), not_open())
    with pytest.raises(PathNotFoundError):
        upload.write(b"abc")


def test_a_path_that_cannot_be_is_no_upload_that_is_gone(
    caller: FakeCaller, upload: RemoteUpload
) -> None:
    caller.will_answer(IsADirectoryError("/a"), {})
    with pytest.raises(IsADirectoryError):
        upload.commit()
    upload.commit()


def test_a_commit_always_says_the_size(caller: FakeCaller, upload: RemoteUpload) -> None:
    caller.will_answer({})
    upload.commit()
    assert caller.calls == [("CommitUpload", {"upload_id": ID, "size": 10, "digest": None})]


def test_a_digest_that_is_none_is_not_sent(caller: FakeCaller, upload: RemoteUpload) -> None:
    with pytest.raises(InvalidParametersError, match="driver mine") as caught:
        upload.commit(digest="md5")
    assert (caught.value.name, caught.value.parameter) == ("mine", "digest")
    assert caller.calls == []


@pytest.mark.parametrize("end", ["commit", "cancel", "close"])
def test_after_its_end_nothing_is_sent(caller: FakeCaller, upload: RemoteUpload, end: str) -> None:
    caller.will_answer({})
    getattr(upload, end)()
    upload.close()
    for call in (lambda: upload.write(b"x"), upload.commit, upload.cancel):
        with pytest.raises(ValueError, match="the upload is closed"):
            call()
    assert len(caller.calls) == 1


def test_a_closed_driver_has_closed_it(caller: FakeCaller, upload: RemoteUpload) -> None:
    caller.is_closed = True
    for call in (lambda: upload.write(b"x"), upload.commit, upload.cancel):
        with pytest.raises(ValueError, match="the driver mine is closed"):
            call()
    upload.close()
    assert caller.calls == []

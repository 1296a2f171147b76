"""Reads that go on after a crash, with calls that are scripted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest

from storagedriver.contract import ContentChangedError, DriverCrashedError, PathNotFoundError
from storagedriver.ipc.events import EventKind
from storagedriver.ipc.messages import Content, Response, Start, Wire
from storagedriver.ipc.receiving import Incoming
from storagedriver.ipc.replaying import ReplayingCaller
from storagedriver.ipc.resuming import ResumingContent, resume_listing

VERSION = b"v1"
CRASH = DriverCrashedError(None, 9, "", pid=7)


class FakeIncoming:
    """Gives contents, and raises what is an exception among them; None is the end."""

    def __init__(self, *contents: bytes | Exception | None) -> None:
        self._contents = list(contents)
        self.is_closed = False

    def next(self) -> Content | None:
        content = self._contents.pop(0)
        if isinstance(content, Exception):
            raise content
        return content

    def close(self) -> None:
        self.is_closed = True


Opened = tuple[FakeIncoming | None, Start | Response] | Exception


class FakeCalls:
    """Opens reads as told; `once` and the account of repeats are itself."""

    name = "mine"

    def __init__(self, *opened: Opened) -> None:
        self.once = self
        self.asked: list[Mapping[str, Wire]] = []
        self.told: list[EventKind] = []
        self.allowed = 3
        self._opened = list(opened)

    def open_read(
        self, method: str, params: dict[str, Wire], path: str
    ) -> tuple[FakeIncoming | None, Start | Response]:
        self.asked.append(params)
        opened = self._opened.pop(0)
        if isinstance(opened, Exception):
            raise opened
        return opened

    def repeating(self, method: str, path: str) -> FakeCalls:
        return self

    def prepare(self, crash: DriverCrashedError) -> None:
        if self.allowed == 0:
            raise crash
        self.allowed -= 1

    def tell(self, kind: EventKind) -> None:
        self.told.append(kind)


def started(version: bytes = VERSION) -> Start:
    return Start(1, {"size": 10, "version": version})


def content_of(
    calls: FakeCalls, first: FakeIncoming, *, version: bytes = VERSION, offset: int = 100
) -> ResumingContent:
    return ResumingContent(
        cast("ReplayingCaller", calls), "/a", offset, cast("Incoming", first), started(version)
    )


def read(content: ResumingContent) -> list[bytes]:
    return [bytes(piece) for piece in iter(content.next, None)]


class TestContent:
    def test_goes_on_behind_what_has_come(self) -> None:
        calls = FakeCalls((FakeIncoming(b"de", None), started()))
        content = content_of(calls, FakeIncoming(b"abc", CRASH))
        assert read(content) == [b"abc", b"de"]
        assert calls.asked == [{"path": "/a", "offset": 103, "version": VERSION}]
        assert calls.told == [EventKind.STREAM_RESUMED]

    def test_goes_on_where_the_rest_comes_in_one_piece(self) -> None:
        calls = FakeCalls((None, Response(1, None, {"version": VERSION}, b"de")))
        content = content_of(calls, FakeIncoming(b"abc", CRASH))
        assert read(content) == [b"abc", b"de"]

    def test_ends_where_nothing_was_left(self) -> None:
        calls = FakeCalls((None, Response(1, None, {"version": VERSION}, None)))
        assert read(content_of(calls, FakeIncoming(b"abc", CRASH))) == [b"abc"]

    def test_survives_a_crash_of_the_next_process_too(self) -> None:
        calls = FakeCalls(
            CRASH, (FakeIncoming(CRASH), started()), (FakeIncoming(b"de", None), started())
        )
        assert read(content_of(calls, FakeIncoming(b"abc", CRASH))) == [b"abc", b"de"]
        assert calls.told == [EventKind.STREAM_RESUMED]

    def test_ends_with_the_crash_when_none_more_is_allowed(self) -> None:
        calls = FakeCalls(CRASH, CRASH, CRASH)
        content = content_of(calls, FakeIncoming(b"abc", CRASH))
        assert content.next() == b"abc"
        with pytest.raises(DriverCrashedError):
            content.next()

    def test_without_a_version_nobody_knows_what_is_there(self) -> None:
        calls = FakeCalls()
        with pytest.raises(DriverCrashedError):
            content_of(calls, FakeIncoming(CRASH), version=b"").next()
        assert calls.asked == []

    def test_another_version_is_refused_though_the_driver_has_not_looked(self) -> None:
        other = FakeIncoming(b"other")
        calls = FakeCalls((other, started(b"v2")))
        with pytest.raises(ContentChangedError) as caught:
            content_of(calls, FakeIncoming(CRASH)).next()
        assert (caught.value.path, caught.value.driver) == ("/a", "mine")
        assert other.is_closed

    def test_what_is_gone_has_changed(self) -> None:
        calls = FakeCalls(PathNotFoundError("/a"))
        with pytest.raises(ContentChangedError, match="deleted"):
            content_of(calls, FakeIncoming(CRASH)).next()


class TestListings:
    @pytest.mark.parametrize(
        ("method", "start_after", "last", "params"),
        [
            ("List", None, "", {"path": "/d"}),
            ("List", None, "b", {"path": "/d", "start_after": "/d/b"}),
            ("Walk", None, "", {"path": "/d"}),
            ("Walk", "/d/a", "", {"path": "/d", "start_after": "/d/a"}),
            ("Walk", "/d/a", "/d/b", {"path": "/d", "start_after": "/d/b"}),
            ("ListUploads", None, "/d/b", {"path": "/d"}),
        ],
    )
    def test_begin_behind_the_last_entry(
        self, method: str, start_after: str | None, last: str, params: dict[str, Wire]
    ) -> None:
        opened: Opened = (None, Response(1, None, {"count": 0}, None))
        calls = FakeCalls(opened)
        resumed = resume_listing(
            cast("ReplayingCaller", calls), method, "/d", start_after, CRASH, last
        )
        assert resumed == opened
        assert calls.asked == [params]
        assert calls.told == [EventKind.STREAM_RESUMED]

    def test_of_the_root(self) -> None:
        calls = FakeCalls((None, Response(1, None, {"count": 0}, None)))
        resume_listing(cast("ReplayingCaller", calls), "List", "/", None, CRASH, "b")
        assert calls.asked == [{"path": "/", "start_after": "/b"}]

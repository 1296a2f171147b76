"""Entries of listings: what becomes of them, and what is refused as leading elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storagedriver.contract import FileInfoFields, ProtocolError, UploadInfo
from storagedriver.ipc.entries import children, files, open_uploads
from storagedriver.ipc.messages import Wire

TIME: Wire = [1, 0]
THEN = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


class TestChildren:
    def test_are_paths_in_their_directory(self) -> None:
        assert children([["a", None], ["b.c", True]], "/d", "mine") == ["/d/a", "/d/b.c"]
        assert children([["a", None]], "/", "mine") == ["/a"]

    @pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "../../etc", None, 7])
    def test_that_are_no_names_are_refused(self, name: Wire) -> None:
        with pytest.raises(ProtocolError) as caught:
            children([[name, None]], "/d", "mine")
        assert caught.value.driver == "mine"


class TestFiles:
    def test_are_told_with_size_and_time(self) -> None:
        assert list(files([["/d/a", 3, TIME], ["/d/.b/c..", 0, TIME]], "/d", "mine")) == [
            FileInfoFields("/d/a", 3, THEN, is_dir=False),
            FileInfoFields("/d/.b/c..", 0, THEN, is_dir=False),
        ]
        (of_root,) = files([["/a", 3, TIME]], "/", "mine")
        assert of_root.path == "/a"

    @pytest.mark.parametrize(
        "path", ["", "/", "/e", "/d", "/dd/a", "/d/", "/d//a", "/d/./a", "/d/../e", "/d/a/..", 7]
    )
    def test_elsewhere_are_refused(self, path: Wire) -> None:
        with pytest.raises(ProtocolError) as caught:
            list(files([[path, 3, TIME]], "/d", "mine"))
        assert caught.value.driver == "mine"

    def test_without_a_size_are_refused(self) -> None:
        with pytest.raises(ProtocolError):
            list(files([["/d/a", None, TIME]], "/d", "mine"))


class TestUploads:
    def test_are_told(self) -> None:
        assert list(
            open_uploads([["id", "/d", 3, TIME], ["id", "/d/a", 4, TIME]], "/d", "mine")
        ) == [
            UploadInfo("id", "/d", 3, THEN),
            UploadInfo("id", "/d/a", 4, THEN),
        ]

    @pytest.mark.parametrize(
        "entry", [["id", "/e", 3, TIME], [None, "/d/a", 3, TIME], ["id", "/d/a", None, TIME]]
    )
    def test_that_are_none_are_refused(self, entry: list[Wire]) -> None:
        with pytest.raises(ProtocolError):
            list(open_uploads([entry], "/d", "mine"))

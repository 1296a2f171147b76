from __future__ import annotations

import pytest

from storagedriver.benchmarks.peers.children.store import Store, split_key, with_key


def test_a_content_that_came_in_one_piece_is_handed_out_without_a_copy() -> None:
    store, content = Store(), bytes(100)
    store.put("/a", content)
    assert store.get("/a") is content
    assert next(store.pieces("/a", 100)) is content


def test_pieces_are_no_larger_than_was_asked_for() -> None:
    store = Store()
    assert store.write("/a", [b"abcde", b"fg"]) == 7
    assert [bytes(piece) for piece in store.pieces("/a", 2)] == [b"ab", b"cd", b"e", b"fg"]
    assert store.get("/a") == b"abcdefg"


def test_a_content_that_is_appended_to_shows_when_it_is_finished() -> None:
    store = Store()
    store.begin("/a")
    store.append("/a", b"ab")
    assert store.size("/a") == 0
    store.append("/a", b"c")
    assert store.finish("/a") == 3
    assert [store.piece("/a", number) for number in range(3)] == [b"ab", b"c", b""]
    assert store.first("/a") == (2, b"ab")


@pytest.mark.parametrize(("key", "content"), [("/a", b""), ("/\u00e9", b"content")])
def test_a_key_and_a_content_are_one_message(key: str, content: bytes) -> None:
    assert split_key(with_key(key, content)) == (key, content)

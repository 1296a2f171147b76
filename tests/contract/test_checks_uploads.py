"""The checks of what an upload is opened and committed with."""

from __future__ import annotations

import pytest

from storagedriver.contract import InvalidParametersError, PathNotFoundError
from storagedriver.contract.checks import check_commit, check_upload_id

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize("upload_id", ["a" * 1025, "\N{SNOWMAN}" * 342, "\ud800"])
def test_what_the_wire_does_not_carry_is_no_id(upload_id: str) -> None:
    with pytest.raises(PathNotFoundError) as caught:
        check_upload_id("/a", upload_id)
    assert caught.value.path == "/a"


@pytest.mark.parametrize("upload_id", ["", "a" * 1024, "\0", "/"])
def test_all_else_is_for_the_driver_to_look_at(upload_id: str) -> None:
    check_upload_id("/a", upload_id)


@pytest.mark.parametrize("size", [None, 0, 2**63 - 1])
@pytest.mark.parametrize("digest", [None, DIGEST])
def test_a_commit_of_what_may_be(size: int | None, digest: str | None) -> None:
    check_commit("mine", size, digest)


@pytest.mark.parametrize(
    ("size", "digest", "parameter"),
    [
        (-1, DIGEST, "size"),
        (2**63, None, "size"),
        (0, "", "digest"),
        (None, DIGEST + "a", "digest"),
    ],
)
def test_a_commit_of_what_cannot_be(size: int | None, digest: str | None, parameter: str) -> None:
    with pytest.raises(InvalidParametersError) as caught:
        check_commit("mine", size, digest)
    assert (caught.value.name, caught.value.parameter) == ("mine", parameter)

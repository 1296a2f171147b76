"""Digests as text: which are some, and what has them."""

from __future__ import annotations

import hashlib

import pytest

from storagedriver.contract.digests import DigestCheck

FIXED = sorted(name for name in hashlib.algorithms_guaranteed if not name.startswith("shake_"))


@pytest.mark.parametrize("algorithm", FIXED)
def test_every_algorithm_of_one_length_is_known(algorithm: str) -> None:
    check = DigestCheck(f"{algorithm}:{hashlib.new(algorithm, b'content').hexdigest()}")
    check.update(b"con")
    assert not check.matches()
    check.update(memoryview(b"tent"))
    assert check.matches()


@pytest.mark.parametrize(
    ("digest", "reason"),
    [
        ("", "must be algorithm:hex"),
        ("sha256", "must be algorithm:hex"),
        (f"sha256:{'A' * 64}", "in lower case"),
        (f"SHA256:{'a' * 64}", "in lower case"),
        (f"sha256:{'a' * 64}\n", "must be algorithm:hex"),
        (f"sha256:{'a' * 63}", "64 hexadecimal digits"),
        (f"sha999:{'a' * 64}", "the algorithm sha999 is not known"),
        (f"shake_128:{'a' * 64}", "any length"),
    ],
)
def test_what_is_no_digest_is_told_why(digest: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        DigestCheck(digest)

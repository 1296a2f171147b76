from __future__ import annotations

import pytest

from storagedriver.cli.addresses import split_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("backup:/a/b", ("backup:", "/a/b")),
        ("backup:", ("backup:", "")),
        ("my-store.2:/", ("my-store.2:", "/")),
        ("attach:/tmp/sd-x:/a", ("attach:/tmp/sd-x", "/a")),
        ("attach:/tmp/sd-x:", ("attach:/tmp/sd-x", "")),
    ],
)
def test_what_is_an_address(text: str, address: tuple[str, str]) -> None:
    assert split_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["", "-", "file", "./file", "./a:/b", "/a:/b", "backup:a", "filesystem", "attach:/tmp/sd-x"],
)
def test_what_is_none(text: str) -> None:
    assert split_address(text) is None

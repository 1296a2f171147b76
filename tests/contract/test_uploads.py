"""The writer of an upload as a context manager."""

from __future__ import annotations

import pytest

from storagedriver.contract import NoSpaceError
from storagedriver.drivers.inmemory import InMemoryDriver
from storagedriver.drivers.inmemory_uploads import InMemoryUpload


@pytest.fixture
def upload(monkeypatch: pytest.MonkeyPatch) -> InMemoryUpload:
    """One that cannot be closed."""
    upload = InMemoryDriver().writer("/a")
    assert isinstance(upload, InMemoryUpload)

    def fail(self: InMemoryUpload) -> None:
        raise NoSpaceError("/a")

    monkeypatch.setattr(InMemoryUpload, "close", fail)
    return upload


def test_an_error_of_closing_is_raised(upload: InMemoryUpload) -> None:
    with pytest.raises(NoSpaceError), upload:
        upload.write(b"content")


def test_an_earlier_error_is_what_the_caller_sees(upload: InMemoryUpload) -> None:
    with pytest.raises(KeyboardInterrupt), upload:
        raise KeyboardInterrupt

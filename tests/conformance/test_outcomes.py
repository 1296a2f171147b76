"""Outcomes: equal for equal behaviour, without what differs from run to run."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storagedriver.conformance.outcomes import (
    of_content,
    of_error,
    of_info,
    of_stream,
    of_text,
    of_url,
)
from storagedriver.contract import (
    FileInfoFields,
    InvalidOffsetError,
    PartialFailureError,
    PathNotFoundError,
    StorageDriverError,
    ThrottledError,
)
from storagedriver.drivers.inmemory import InMemoryDriver


@pytest.mark.parametrize("size_bytes", [10, 1000])
def test_contents_differ_by_any_byte(size_bytes: int) -> None:
    content = bytes(size_bytes)
    assert of_content(content) == of_content(bytearray(content))
    assert of_content(content) != of_content(content[:-1] + b"x")
    assert of_content(content) != of_content(content[:-1])


def test_long_texts_differ_by_any_character() -> None:
    assert of_text("a" * 1000) != of_text("a" * 999 + "b")
    assert len(of_text("a" * 1000)) < 200


@pytest.mark.parametrize(
    "other",
    [
        StorageDriverError("Path not found: /a", code="PathNotFound"),
        PathNotFoundError("/b", message="Path not found: /a"),
        PathNotFoundError("/a", message="another text"),
        PathNotFoundError("/a", temporary=True),
        PathNotFoundError("/a", stored=1),
    ],
)
def test_errors_differ_by_all_that_a_caller_sees(other: StorageDriverError) -> None:
    assert of_error(PathNotFoundError("/a")) != of_error(other)


def test_errors_do_not_differ_by_the_name_of_the_driver() -> None:
    one, other = ThrottledError("/a", driver="one"), ThrottledError("/a", driver="other")
    assert of_error(one) == of_error(other)


def test_fields_of_every_type_are_told() -> None:
    assert "-5" in str(of_error(InvalidOffsetError("/a", -5)))
    assert "NoSpace" in str(of_error(PartialFailureError([("/a", "NoSpace")])))


def test_of_foreign_errors_only_the_class_is_told() -> None:
    assert of_error(TypeError("one text")) == of_error(TypeError("another"))
    assert of_error(TypeError()) != of_error(ValueError())


def test_times_are_left_out() -> None:
    early, late = (
        of_info(FileInfoFields("/a", 1, datetime(year, 1, 1, tzinfo=UTC), is_dir=False))
        for year in (2015, 2025)
    )
    assert early == late
    assert early != of_info(FileInfoFields("/a", 1, None, is_dir=False))


def test_versions_are_left_out() -> None:
    driver = InMemoryDriver()
    driver.put_content("/a", b"a")
    first = of_stream(driver.read_stream("/a"))
    driver.put_content("/a", b"b")
    assert of_stream(driver.read_stream("/a")) == first == ("stream", 1, True)


def test_of_urls_only_the_scheme_is_told() -> None:
    assert of_url("http://host/a?signature=x") == ("url", "http")

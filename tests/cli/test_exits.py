from __future__ import annotations

import click
import pytest

from storagedriver.cli.exits import Failure, describe, report
from storagedriver.contract import (
    InvalidStorageDriverError,
    PathNotFoundError,
    StorageDriverError,
)


def test_an_error_of_a_driver_is_its_code_and_its_message() -> None:
    error = PathNotFoundError("/a", driver="filesystem")
    text = "PathNotFound: Path not found: /a (driver filesystem)"
    assert describe(error) == Failure(text, 1)


def test_a_driver_that_is_not_there_has_a_status_of_its_own() -> None:
    error = InvalidStorageDriverError("s4")
    text = "InvalidStorageDriver: StorageDriver not registered: s4"
    assert describe(error) == Failure(text, 69)


def test_wrong_usage_says_where_help_is() -> None:
    context = click.Context(click.Command("put"), info_name="storagedriver put")
    error = click.UsageError("Missing argument 'PATH'.", context)
    text = "Missing argument 'PATH' (see storagedriver put --help)"
    assert describe(error) == Failure(text, 2)


def test_a_file_that_cannot_be_read_is_named() -> None:
    error = FileNotFoundError(2, "No such file or directory", "/nowhere")
    assert describe(error) == Failure("No such file or directory: /nowhere", 1)


def test_a_bug_is_not_described() -> None:
    assert describe(KeyError("a")) is None


def test_a_report_is_one_line_whatever_a_driver_says(capsys: pytest.CaptureFixture[str]) -> None:
    failure = describe(StorageDriverError("two\nlines\x1b[2J\r\u2028end"))
    assert failure is not None
    report(failure.text)
    captured = capsys.readouterr()
    assert captured.err == "storagedriver: Internal: two lines [2J  end\n"
    assert captured.out == ""

"""The test classes that driver authors get, as unittest runs them and as pytest collects them."""

from __future__ import annotations

import subprocess
import sys
import unittest
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from storagedriver.conformance import CASES, in_process_suite, ipc_suite
from storagedriver.contract import StorageDriverError
from storagedriver.drivers.inmemory import InMemoryDriver

ONE_CASE = "test_put_get_one_byte"


def run(suite: type[unittest.TestCase], *names: str) -> unittest.TestResult:
    result = unittest.TestResult()
    unittest.TestSuite(suite(name) for name in names).run(result)
    return result


class Listed(InMemoryDriver):
    """Remembers its parameters, and whether it was closed."""

    made: list[Listed]

    def __init__(self, parameters: Mapping[str, object]) -> None:
        super().__init__()
        self.parameters = dict(parameters)
        self.is_closed = False
        self.made.append(self)

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Listed]:
    drivers: list[Listed] = []
    monkeypatch.setattr(Listed, "made", drivers, raising=False)
    return drivers


def test_there_is_a_test_for_each_case() -> None:
    names = unittest.TestLoader().getTestCaseNames(in_process_suite("inmemory"))
    assert set(names) == {f"test_{case.name}" for case in CASES}


def test_a_test_shows_the_sentence_of_its_case() -> None:
    test = in_process_suite("inmemory")(ONE_CASE)
    assert test.shortDescription() == "One ASCII byte can be put and got."


def test_a_driver_is_made_once_and_closed_after_the_last_test(made: list[Listed]) -> None:
    result = run(in_process_suite(Listed, {"a": 1}), ONE_CASE, "test_delete_a_file")
    assert result.wasSuccessful()
    assert [(driver.parameters, driver.is_closed) for driver in made] == [({"a": 1}, True)]


def test_a_factory_gets_the_checks_that_create_would_make() -> None:
    suite = in_process_suite(lambda _: InMemoryDriver())
    assert run(suite, "test_wrong_types_of_paths").wasSuccessful()


def test_a_program_does_not_pass_for_a_driver_in_this_process(
    drivers_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGEDRIVER_PATH", str(drivers_directory))
    ((_, text),) = run(in_process_suite("dictionary"), ONE_CASE).errors
    assert "InvalidStorageDriverError" in text
    assert "it is a program, and not installed for this process" in text
    assert run(ipc_suite("dictionary"), ONE_CASE).wasSuccessful()


def test_parameters_may_be_made_when_the_tests_run(made: list[Listed]) -> None:
    calls: list[int] = []

    def parameters() -> Mapping[str, object]:
        calls.append(1)
        return {"number": len(calls)}

    suite = in_process_suite(Listed, parameters)
    assert calls == []
    run(suite, ONE_CASE, "test_close_twice")
    assert calls == [1]
    assert [driver.parameters for driver in made] == [{"number": 1}] * 2


def test_parameters_may_need_cleaning_up(made: list[Listed], tmp_path: Path) -> None:
    place = tmp_path / "place"

    @contextmanager
    def parameters() -> Generator[Mapping[str, object], None, None]:
        place.mkdir()
        yield {"rootdirectory": str(place)}
        assert made[0].is_closed
        place.rmdir()

    assert run(in_process_suite(Listed, parameters), ONE_CASE).wasSuccessful()
    assert made[0].parameters == {"rootdirectory": str(place)}
    assert not place.exists()


@pytest.mark.parametrize(
    "suite",
    [
        in_process_suite("no-such-driver", skip_reason="not here"),
        ipc_suite("no-such-driver", skip_reason="not here"),
    ],
)
def test_a_skip_reason_skips_all_and_needs_no_driver(suite: type[unittest.TestCase]) -> None:
    result = run(suite, ONE_CASE)
    assert [reason for _, reason in result.skipped] == ["not here"]
    assert result.wasSuccessful()


def test_a_case_that_does_not_apply_is_skipped_with_its_reason() -> None:
    result = run(in_process_suite("inmemory"), "test_url_gives_the_content")
    assert [reason for _, reason in result.skipped] == [
        "the driver does not have the feature url-for"
    ]


class Wrong(InMemoryDriver):
    def get_content(self, path: str) -> bytes:
        raise StorageDriverError("wrong")


def test_a_case_that_fails_fails_its_test() -> None:
    result = run(in_process_suite(lambda _: Wrong()), ONE_CASE)
    [(_, text)] = result.failures
    assert "StorageDriverError: wrong" in text
    assert "seed" in text


def test_a_driver_that_cannot_be_made_is_an_error_of_the_class() -> None:
    result = run(ipc_suite("no-such-driver"), ONE_CASE)
    [(_, text)] = result.errors
    assert "StorageDriver not registered: no-such-driver" in text


SUITE_FILE = """
from storagedriver.conformance import in_process_suite

TestMine = in_process_suite("inmemory")
TestOther = in_process_suite("inmemory", skip_reason="not today")
"""


def test_pytest_collects_selects_and_skips(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(SUITE_FILE, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-v",
        "-rs",
        "-k",
        "put_get_one_byte",
        "test_mine.py",
    ]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "TestMine::test_put_get_one_byte PASSED" in done.stdout
    assert "TestOther::test_put_get_one_byte SKIPPED (not today)" in done.stdout
    assert f"1 passed, 1 skipped, {2 * (len(CASES) - 1)} deselected" in done.stdout

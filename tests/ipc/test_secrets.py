"""What is secret is nowhere: not in the process list, logs, tracebacks, errors, pickles or output.

Whole sentences are looked for in whatever can be seen of a host and its driver.
"""

from __future__ import annotations

import io
import json
import logging
import os
import pickle
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest
from rich.console import Console
from rich.traceback import Traceback

from storagedriver.contract import (
    InvalidParametersError,
    Secret,
    StorageDriver,
    StorageDriverError,
)
from storagedriver.drivers import factory
from storagedriver.ipc import IPCStorageDriver

TEXT = "open-sesame-3f9a"
PARAMETERS: dict[str, object] = {"plain": 1, "deep": [{"key": Secret(TEXT)}]}
COMMAND = [sys.executable, str(Path(__file__).with_name("odd_driver.py"))]
FAKE = [sys.executable, str(Path(__file__).with_name("fake_driver.py"))]


def start(command: list[str] = COMMAND, **parameters: object) -> IPCStorageDriver:
    return IPCStorageDriver.start(
        command, {**PARAMETERS, **parameters}, name="odd", start_timeout_seconds=30.0
    )


def everything_about(error: BaseException) -> str:
    """Whatever tools show of an error: its frames with their values, its pickle, its fields."""
    shown = io.StringIO()
    Console(file=shown, width=200).print(
        Traceback.from_exception(type(error), error, error.__traceback__, show_locals=True)
    )
    with_locals = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "\n".join(
        [
            *with_locals.format(chain=True),
            shown.getvalue(),
            repr(error),
            str(error),
            repr(error.__dict__),
            repr(pickle.dumps(error)),
        ]
    )


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """All loggers at their most talkative, and none of them tells."""
    with caplog.at_level(logging.DEBUG):
        yield
    assert TEXT not in caplog.text
    assert all(TEXT not in repr(record.__dict__) for record in caplog.records)


class TestProcesses:
    def test_neither_the_driver_nor_its_children_show_it(self) -> None:
        with start(oddity="grandchild") as driver:
            process = psutil.Process(driver.pid)
            family = [process, *process.children(recursive=True)]
            assert len(family) > 1
            for member in family:
                for file in ("cmdline", "environ", "comm", "status"):
                    seen = Path(f"/proc/{member.pid}/{file}").read_bytes()
                    assert TEXT.encode() not in seen
            command_line = Path(f"/proc/{driver.pid}/cmdline").read_bytes().split(b"\0")
            assert command_line[-2] == b"-"

    def test_the_environment_is_what_is_allowed_and_no_more(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", TEXT)
        monkeypatch.setenv("PASSED_ON", "as asked")
        with IPCStorageDriver.start(
            COMMAND, {}, name="odd", environment={"ADDED": "1"}, pass_environment=["PASSED_ON"]
        ) as driver:
            variables = Path(f"/proc/{driver.pid}/environ").read_bytes().split(b"\0")
        names = {variable.partition(b"=")[0].decode() for variable in variables} - {""}
        ours = {name for name in names if name.startswith("STORAGEDRIVER_")}
        assert "STORAGEDRIVER_ENDPOINT" in ours
        allowed = {"PATH", "HOME", "LANG", "TZ", "TMPDIR"}
        assert names - allowed - ours == {"ADDED", "PASSED_ON"}

    def test_objects_of_a_running_driver_do_not_show_it(self) -> None:
        with start() as driver:
            for shown in objects_within(driver):
                assert TEXT not in shown


def objects_within(root: object) -> Iterator[str]:
    """What `repr` says of an object and of all objects of ours that it holds."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        yield repr(thing)
        if type(thing).__module__.startswith("storagedriver."):
            slots = [name for cls in type(thing).__mro__ for name in getattr(cls, "__slots__", ())]
            held = {**getattr(thing, "__dict__", {}), **{s: getattr(thing, s, None) for s in slots}}
            waiting += [value for name, value in held.items() if not name.startswith("__")]


class TestStarts:
    @pytest.mark.parametrize("way", ["exit3", "kill", "garbage", "wrong-token", "version-1.0"])
    def test_one_that_fails_does_not_show_it(self, way: str) -> None:
        with pytest.raises(StorageDriverError) as caught:
            start([*FAKE, way])
        assert TEXT not in everything_about(caught.value)

    def test_a_program_that_is_not_there(self) -> None:
        with pytest.raises(StorageDriverError) as caught:
            start(["/nowhere/registry-storage-odd"])
        assert TEXT not in everything_about(caught.value)

    def test_a_driver_that_refuses_another_parameter(self) -> None:
        with pytest.raises(InvalidParametersError) as caught:
            start(oddity="refuse")
        assert TEXT not in everything_about(caught.value)

    @pytest.mark.parametrize("value", [b"bytes", object(), float("nan"), {1: 2}, 1 << 70])
    def test_a_parameter_behind_it_that_json_does_not_have(self, value: object) -> None:
        with pytest.raises(InvalidParametersError) as caught:
            start(wrong=value)
        assert TEXT not in everything_about(caught.value)

    def test_the_program_is_given_it_all_the_same(self) -> None:
        # Or else all the others would pass for nothing.
        program = (
            "import sys; line = sys.stdin.readline(); sys.exit(42 if sys.argv[1] in line else 1)"
        )
        with pytest.raises(StorageDriverError) as caught:
            IPCStorageDriver.start(
                [sys.executable, "-c", program, TEXT], PARAMETERS, name="odd", restart=None
            )
        assert caught.value.fields["exit_status"] == 42


TELLTALE = """
import os, sys
from storagedriver.contract import InvalidParametersError
from storagedriver.ipc import serve

def make(parameters):
    key = parameters["deep"][0]["key"]
    print("the parameters are", parameters, file=sys.stderr, flush=True)
    match parameters["way"]:
        case "refuse":
            raise InvalidParametersError("odd", "key", f"{key!r} is no key")
        case "bug":
            raise ValueError(key)
        case _:
            os._exit(3)

serve(make, name="odd")
"""


@pytest.mark.parametrize(
    ("way", "code"),
    [("refuse", "InvalidParameters"), ("bug", "Internal"), ("exit", "DriverCrashed")],
)
def test_a_driver_that_repeats_and_prints_it_shows_stars(way: str, code: str) -> None:
    with pytest.raises(StorageDriverError) as caught:
        start([sys.executable, "-c", TELLTALE], way=way)
    assert caught.value.code == code
    assert "***" in str(caught.value)
    assert TEXT not in everything_about(caught.value)


class TestInThisProcess:
    @pytest.fixture(autouse=True)
    def registered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("storagedriver.drivers.factory._registered", {})

    @pytest.mark.parametrize("error", ["foreign", "ours"])
    def test_a_factory_that_repeats_it(self, error: str) -> None:
        def make(parameters: Mapping[str, object]) -> StorageDriver:
            key = parameters["key"]
            if error == "ours":
                raise InvalidParametersError("mine", "key", f"{key!r} is no key")
            raise ValueError(key)

        factory.register("mine", make)
        with pytest.raises(StorageDriverError, match=r"\*\*\*") as caught:
            factory.create("mine", {"key": Secret(TEXT)})
        assert TEXT not in everything_about(caught.value)
        assert caught.value.code == ("InvalidParameters" if error == "ours" else "Internal")

    def test_without_secrets_a_factory_keeps_its_frames(self) -> None:
        def make(parameters: Mapping[str, object]) -> StorageDriver:
            raise ValueError(parameters["key"])

        factory.register("mine", make)
        with pytest.raises(StorageDriverError, match="visible") as caught:
            factory.create("mine", {"key": "visible"})
        assert isinstance(caught.value.__cause__, ValueError)


class TestCommandLine:
    def run(self, *arguments: str, **variables: str) -> str:
        """Run the command line; return all that it says."""
        done = subprocess.run(
            [sys.executable, "-m", "storagedriver.cli.main", *arguments],
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.stdout + done.stderr

    @pytest.mark.parametrize("way", [[], ["--in-process"]])
    def test_errors_of_the_driver_do_not_repeat_it(self, tmp_path: Path, way: list[str]) -> None:
        key = tmp_path / "key"
        key.write_text(TEXT)
        said = self.run(
            "stat", "--json", "filesystem", "/a", *way,
            "-p", f"wrong=@{key}", "-p", "other=env:KEY", KEY=TEXT,
        )  # fmt: skip
        assert "InvalidParameters" in said
        assert TEXT not in said

    def test_errors_of_the_file_of_stores_do_not_repeat_it(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_text(TEXT)
        file = tmp_path / "storagedriver.toml"
        file.write_text(
            "[stores.a]\ndriver = 'filesystem'\n"
            f"parameters = {{ plain = '{TEXT}', key = '@key', time = 2015-01-01 }}\n"
        )
        said = self.run("ls", "a:/", "--config", str(file))
        assert "time" in said
        assert TEXT not in said
        file.write_text(f"[stores.a]\nparameters = {{ key = '{TEXT}'\n")
        said = self.run("ls", "a:/", "--config", str(file))
        assert "not TOML" in said
        assert TEXT not in said


def test_a_driver_in_python_does_not_print_what_it_cannot_parse() -> None:
    done = subprocess.run(
        [*COMMAND, "-"],
        input=json.dumps({"token": 5, "parameters": {"key": TEXT}}) + "\n",
        env={**os.environ, "STORAGEDRIVER_ENDPOINT": "ipc:///nowhere"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 64
    assert TEXT not in done.stdout + done.stderr

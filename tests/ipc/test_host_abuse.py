"""A driver that attacks its host: one call ends with a typed error, and the next one works."""

from __future__ import annotations

import io
import re
import runpy
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from storagedriver.contract import (
    DriverCrashedError,
    ProtocolError,
    StorageDriver,
    StorageDriverError,
    TooManyChannelsError,
)
from storagedriver.ipc import IPCStorageDriver

HERE = Path(__file__).parent
HOSTILE = [sys.executable, str(HERE / "hostile_driver.py")]
PROPER = [sys.executable, str(HERE / "odd_driver.py")]

# No package holds the tests, so that they can only import what is installed.
ATTACKS: dict[str, Any] = runpy.run_path(str(HERE / "hostile_driver.py"))["ATTACKS"]

MIB = 1 << 20

# What the queues of one channel hold at most, and what else comes and goes in a test process.
MOST_GROWTH_BYTES = 200 * MIB

OPERATIONS: dict[str, Callable[[StorageDriver, str], object]] = {
    "stat": lambda driver, path: driver.stat(path),
    "get": lambda driver, path: driver.get_content(path),
    "read": lambda driver, path: driver.read_stream(path).read(),
    "list": lambda driver, path: driver.list(path),
    "put": lambda driver, path: driver.put_content(path, b"ab"),
    "write": lambda driver, path: driver.write_stream(path, 0, io.BytesIO(bytes(20 * MIB))),
}


def start(**parameters: object) -> IPCStorageDriver:
    return IPCStorageDriver.start(HOSTILE, parameters, name="hostile", restart=None)


@pytest.fixture
def driver() -> Iterator[IPCStorageDriver]:
    with start() as driver:
        yield driver


def check_works(driver: StorageDriver) -> None:
    assert driver.stat("/a").size == 2
    assert driver.get_content("/a") == b"ab"
    assert driver.list("/a") == ["/a/a"]
    driver.put_content("/a", b"ab")


def resident_bytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_answer_that_breaks_the_protocol_costs_one_call(
    driver: IPCStorageDriver, operation: str
) -> None:
    pid = driver.pid
    outcomes = {
        name: outcome_of(driver, name)
        for name, attack in ATTACKS.items()
        if attack.operation == operation
    }
    assert outcomes
    assert {name: outcome for name, outcome in outcomes.items() if outcome != "as it should"} == {}
    assert driver.pid == pid


def outcome_of(driver: IPCStorageDriver, name: str) -> str:
    attack = ATTACKS[name]
    try:
        OPERATIONS[attack.operation](driver, f"/attack/{name}")
    except ProtocolError as error:
        check_works(driver)
        return "as it should" if re.search(attack.detail, str(error)) else repr(error)
    except Exception as error:  # noqa: BLE001 - shown by the test
        return repr(error)
    return "no error"


def test_a_second_answer_costs_the_next_call_at_most(driver: IPCStorageDriver) -> None:
    assert driver.stat("/twice").size == 2
    with suppress(ProtocolError):
        driver.stat("/a")
    check_works(driver)


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_a_driver_that_says_it_has_crashed_and_lives_is_not_started_again(operation: str) -> None:
    with IPCStorageDriver.start(HOSTILE, {}, name="hostile") as driver:
        pid = driver.pid
        with pytest.raises(DriverCrashedError, match="ended"):
            OPERATIONS[operation](driver, "/forged")
        check_works(driver)
        assert driver.pid == pid


@pytest.mark.parametrize("operation", ["get", "read", "list"])
def test_a_read_that_ends_with_a_forged_crash_is_not_resumed(operation: str) -> None:
    with IPCStorageDriver.start(HOSTILE, {}, name="hostile") as driver:
        with pytest.raises(DriverCrashedError) as caught:
            OPERATIONS[operation](driver, "/forged-late")
        assert caught.value.pid is None
        check_works(driver)


def test_chunks_that_nobody_reads_and_that_were_not_granted_cost_little(
    driver: IPCStorageDriver,
) -> None:
    before = resident_bytes()
    with driver.read_stream("/flood") as stream:
        # The driver sends 400 MiB at once, and is held up by nobody but the queues.
        grown = wait_for_the_last_of_it() - before
        assert sum(map(len, stream)) == 400 * MIB
    assert grown < MOST_GROWTH_BYTES
    check_works(driver)


def wait_for_the_last_of_it() -> int:
    """Wait until this process grows no more; return what it holds."""
    held = [resident_bytes()]

    def is_still() -> bool:
        held.append(resident_bytes())
        return len(held) > 50 and held[-1] <= held[-50]

    wait_until(is_still)
    return held[-1]


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        threading.Event().wait(0.01)
    pytest.fail("this does not come about")


def test_what_comes_after_a_cancel_for_ever_has_an_end(
    driver: IPCStorageDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storagedriver.ipc.sending.CANCEL_SECONDS", 0.5)
    driver.read_stream("/cancel").close()
    check_works(driver)


class TestChannels:
    @pytest.mark.parametrize(
        ("attack", "error"),
        [("refuse", TooManyChannelsError), ("wrong-token", ProtocolError)],
    )
    def test_one_that_does_not_open_costs_one_call(
        self, attack: str, error: type[StorageDriverError]
    ) -> None:
        with start(channels=[attack]) as driver:
            with pytest.raises(error):
                driver.stat("/a")
            check_works(driver)

    @pytest.mark.parametrize("attack", ["race", "stranger-behind"])
    def test_one_that_two_have_connected_to_is_the_first_ones(self, attack: str) -> None:
        with start(channels=[attack] * 4) as driver:
            streams = [driver.read_stream("/flood") for _ in range(3)]
            check_works(driver)
            for stream in streams:
                stream.close()

    def test_one_that_is_closed_and_opened_again_is_lost(self) -> None:
        with start(channels=["close-and-reopen"]) as driver:
            with suppress(ProtocolError):
                driver.stat("/a")
            check_works(driver)

    def test_a_driver_that_sends_garbage_on_its_control_channel_is_of_no_more_use(self) -> None:
        with start(channels=["garbage"]) as driver:
            with pytest.raises(ProtocolError):
                driver.stat("/a")
            # It could open no more channels, so it is ended; here nothing starts it again.
            with pytest.raises(DriverCrashedError):
                driver.stat("/a")

    @pytest.mark.parametrize(
        "hello",
        [
            {"max_channels": 2**63 - 1},
            {"max_chunk": 2**53, "write_credit": 2**53},
            {"name": "x" * 60_000},
            {"features": [f"f{number}" for number in range(1000)]},
        ],
    )
    def test_a_boastful_hello_is_no_harm(self, hello: dict[str, object]) -> None:
        with start(hello=hello) as driver:
            check_works(driver)


@pytest.mark.parametrize("seed", range(3))
def test_random_answers_are_errors_of_the_contract(seed: int) -> None:
    names = sorted(OPERATIONS)
    with start(seed=seed) as driver:
        for number in range(100):
            with pytest.raises(StorageDriverError):
                OPERATIONS[names[number % len(names)]](driver, "/random")
        check_works(driver)
        with IPCStorageDriver.start(PROPER, {}, name="proper") as proper:
            proper.put_content("/a", b"content")
            assert proper.get_content("/a") == b"content"

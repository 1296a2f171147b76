"""The host's end of a control channel: one request at a time, and answers that come late."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from storagedriver.contract import ProtocolError, StorageDriverError
from storagedriver.ipc.channel import Channel, ChannelLostError, NoProgressError
from storagedriver.ipc.connection import GoneError
from storagedriver.ipc.control import ControlChannel
from storagedriver.ipc.messages import Request, Response
from storagedriver.ipc.session import Role
from storagedriver.ipc.states import State

PATIENCE_SECONDS = 10.0
SHORT_SECONDS = 0.05

Pair = tuple[Channel, Channel]


@pytest.fixture
def ends(make_pair: Callable[..., Pair]) -> tuple[ControlChannel, Channel]:
    host, driver = make_pair(role=Role.CONTROL)
    return ControlChannel(host), driver


def answer(driver: Channel, *, workers: int = 0, error: str = "") -> None:
    """Receive one Ping and answer it, with so many workers as a mark to know the answer by."""
    request = driver.receive(PATIENCE_SECONDS)
    assert isinstance(request, Request)
    worker = {"channel": 1, "id": 1, "method": "Stat", "busy_ms": 0, "moved_bytes": 0}
    result = {"workers": [dict(worker) for _ in range(workers)]}
    if error:
        driver.send(Response(request.id, {"code": error}, None))
    else:
        driver.send(Response(request.id, None, result))  # type: ignore[arg-type]  # lists vary


def ping(control: ControlChannel, timeout_seconds: float = PATIENCE_SECONDS) -> int:
    workers = control.call("Ping", {}, timeout_seconds=timeout_seconds)["workers"]
    assert isinstance(workers, list)
    return len(workers)


def test_an_answer_is_the_result(ends: tuple[ControlChannel, Channel]) -> None:
    control, driver = ends
    with ThreadPoolExecutor(1) as threads:
        threads.submit(answer, driver, workers=2)
        assert ping(control) == 2


def test_an_error_is_raised_and_the_next_call_goes_on(
    ends: tuple[ControlChannel, Channel],
) -> None:
    control, driver = ends
    with ThreadPoolExecutor(1) as threads:
        threads.submit(answer, driver, error="TooManyChannels")
        with pytest.raises(StorageDriverError) as caught:
            ping(control)
        threads.submit(answer, driver)
        assert ping(control) == 0
    assert caught.value.code == "TooManyChannels"


def test_a_late_answer_is_not_taken_for_that_of_the_next_request(
    ends: tuple[ControlChannel, Channel],
) -> None:
    control, driver = ends
    with pytest.raises(NoProgressError):
        ping(control, SHORT_SECONDS)
    answer(driver, workers=1)
    with ThreadPoolExecutor(1) as threads:
        threads.submit(answer, driver, workers=2)
        assert ping(control) == 2


def test_a_late_error_is_dropped_too(ends: tuple[ControlChannel, Channel]) -> None:
    control, driver = ends
    with pytest.raises(NoProgressError):
        ping(control, SHORT_SECONDS)
    answer(driver, error="TooManyChannels")
    with ThreadPoolExecutor(1) as threads:
        threads.submit(answer, driver, workers=2)
        assert ping(control) == 2


def test_there_is_never_a_second_request_while_one_is_out(
    ends: tuple[ControlChannel, Channel],
) -> None:
    control, driver = ends
    for _ in range(2):
        with pytest.raises(NoProgressError):
            ping(control, SHORT_SECONDS)
    assert isinstance(driver.receive(PATIENCE_SECONDS), Request)
    assert driver.receive_now() is None


def test_a_call_waits_no_longer_for_its_turn_than_for_an_answer(
    ends: tuple[ControlChannel, Channel],
) -> None:
    control, driver = ends
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(ping, control)
        request = driver.receive(PATIENCE_SECONDS)
        assert isinstance(request, Request)
        with pytest.raises(NoProgressError):
            ping(control, SHORT_SECONDS)
        driver.send(Response(request.id, None, {"workers": []}))
        assert first.result(PATIENCE_SECONDS) == 0


def test_every_call_on_a_lost_channel_says_that_it_is_lost(
    ends: tuple[ControlChannel, Channel],
) -> None:
    control, driver = ends
    driver.close()
    for _ in range(3):
        with pytest.raises(ChannelLostError):
            ping(control)


def test_a_call_that_comes_after_the_close_meets_a_process_that_has_ended(
    ends: tuple[ControlChannel, Channel],
) -> None:
    control, _ = ends
    control.close()
    with pytest.raises(ChannelLostError) as caught:
        ping(control)
    assert caught.value.process_ended


def test_a_request_that_could_not_be_sent_is_not_followed_by_another(
    ends: tuple[ControlChannel, Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    control, driver = ends

    def lose(*_frames: object) -> None:
        raise GoneError

    # The driver goes when the request is accounted for, and not sent yet.
    monkeypatch.setattr("storagedriver.ipc.connection.Connection.send", lose)
    with pytest.raises(ChannelLostError):
        ping(control)
    driver.close()
    with pytest.raises(ChannelLostError):
        ping(control)


def test_a_driver_that_breaks_the_protocol_is_not_asked_again(
    ends: tuple[ControlChannel, Channel],
) -> None:
    control, driver = ends
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(ping, control)
        request = driver.receive(PATIENCE_SECONDS)
        assert isinstance(request, Request)
        driver.send(Response(request.id, None, {}))
        with pytest.raises(ProtocolError, match="workers is missing"):
            call.result(PATIENCE_SECONDS)
    assert control.channel.session.state is State.CLOSED
    with pytest.raises(ProtocolError, match="CLOSED"):
        ping(control)
    assert driver.receive_now() is None

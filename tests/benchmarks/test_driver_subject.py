from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from storagedriver.benchmarks.driver_subject import DriverSubject
from storagedriver.benchmarks.subject import Subject, running
from storagedriver.contract import StorageDriver
from storagedriver.drivers.factory import create, launch
from storagedriver.drivers.inmemory import InMemoryDriver


@pytest.mark.parametrize("open_driver", [create, launch])
def test_a_driver_stores_by_key(open_driver: Callable[[str], StorageDriver]) -> None:
    subject: Subject = DriverSubject("mine", lambda: open_driver("inmemory"))
    with running(subject):
        subject.put("/a", b"content")
        assert bytes(subject.get("/a")) == b"content"
        assert subject.write_stream("/b", io.BytesIO(b"streamed")) == 8
        assert b"".join(subject.read_stream("/b")) == b"streamed"
        assert subject.stat("/b") == 8


def test_the_child_is_the_process_of_the_driver() -> None:
    with launch("inmemory") as driver:
        subject = DriverSubject("IPC", lambda: driver)
        with running(subject):
            assert subject.child_pid == driver.pid
            assert subject.most_calls == driver.max_channels


def test_a_driver_in_this_process_has_no_child() -> None:
    subject = DriverSubject("in-process", InMemoryDriver)
    with running(subject):
        assert subject.child_pid is None
        assert subject.most_calls is None


def test_only_what_it_stored_is_deleted_when_it_stops() -> None:
    class Kept(InMemoryDriver):
        def close(self) -> None:
            pass

    driver = Kept()
    driver.put_content("/precious", b"content")
    subject = DriverSubject("used", lambda: driver)
    with running(subject):
        subject.put("/a", b"content")
        assert len(driver.list("/")) == 2
    assert driver.list("/") == ["/precious"]


def test_stopping_what_is_not_started_has_no_effect() -> None:
    subject = DriverSubject("idle", InMemoryDriver)
    subject.stop()
    with running(subject):
        pass
    subject.stop()

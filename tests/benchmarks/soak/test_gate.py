from __future__ import annotations

import threading

from storagedriver.benchmarks.soak.gate import Gate

LONG_SECONDS = 30.0


def test_an_open_gate_holds_nobody() -> None:
    Gate(1).pass_through()


def test_a_closed_gate_holds_until_it_is_opened() -> None:
    gate, is_through = Gate(1), threading.Event()

    def walk() -> None:
        while not is_open.is_set():
            gate.pass_through()
        is_through.set()

    is_open = threading.Event()
    thread = threading.Thread(target=walk)
    thread.start()
    assert gate.close(LONG_SECONDS)
    assert not is_through.is_set()
    is_open.set()
    gate.open()
    thread.join(LONG_SECONDS)
    assert is_through.is_set()


def test_one_that_does_not_come_is_waited_for_in_vain() -> None:
    assert not Gate(1).close(0.01)


def test_one_that_has_left_is_not_waited_for() -> None:
    gate = Gate(1)
    gate.leave()
    assert gate.close(LONG_SECONDS)

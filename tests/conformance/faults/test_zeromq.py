"""The check with ZeroMQ's own sockets passes right drivers, and finds what is wrong."""

from __future__ import annotations

import pytest

from storagedriver.conformance import CaseFailedError
from storagedriver.conformance.faults.zeromq import speaks_to_zeromq
from tests.conformance.faults.conftest import MakeSubject


@pytest.mark.parametrize("name", ["filesystem", "inmemory"])
def test_a_right_driver_passes(right: MakeSubject, name: str) -> None:
    speaks_to_zeromq(right(name))


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"do": "disconnect", "method": "GetContent"}, "no answer to GetContent"),
        ({"do": "frames", "method": "PutContent", "frames": [["c1"]]}, "answer to PutContent:"),
        ({"do": "error", "method": "Delete", "code": "NoSpace"}, "answers Delete with"),
    ],
)
def test_a_wrong_driver_is_found(
    misbehaving: MakeSubject, rule: dict[str, object], told: str
) -> None:
    with pytest.raises(CaseFailedError) as caught:
        speaks_to_zeromq(misbehaving(rule))
    assert told in str(caught.value)

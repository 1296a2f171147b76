from __future__ import annotations

import pytest

from storagedriver.contract import ProtocolError, UnsupportedMethodError
from storagedriver.ipc.calls import (
    CALLS,
    Call,
    Direction,
    check_entries,
    check_info,
    check_params,
    check_result,
    time_from_wire,
    time_to_wire,
)
from storagedriver.ipc.wire_values import CHECKS

LISTINGS = ("List", "Walk", "ListUploads")
BY_METHOD = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def test_params_of_an_unknown_method_are_unsupported() -> None:
    with pytest.raises(UnsupportedMethodError) as caught:
        check_params("Compact", {})
    assert caught.value.method == "Compact"


@pytest.mark.parametrize("method", ["Compact", "x" * 1_000_000])
def test_an_answer_to_an_unknown_method_is_a_protocol_error(method: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        check_result(method, {})
    assert len(str(caught.value)) < 200


def test_a_missing_key_is_named() -> None:
    with pytest.raises(ProtocolError) as caught:
        check_params("ReadStream", {"path": "/a", "credit": 1})
    assert caught.value.detail == "ReadStream params: offset is missing"


def test_a_key_of_a_wrong_type_is_named() -> None:
    with pytest.raises(ProtocolError) as caught:
        check_result("Stat", {"path": "/a", "size": 1, "is_dir": 0})
    assert caught.value.detail == "Stat result: is_dir must be true or false"


def test_an_element_of_an_entry_is_named() -> None:
    with pytest.raises(ProtocolError) as caught:
        check_entries("Walk", [["/a", 1, [0, 0]], ["/b", "1", [0, 0]]])
    assert caught.value.detail.startswith("Walk entry: size must be an integer")


def test_a_result_of_nil_is_an_empty_map() -> None:
    assert check_result("Delete", None) == {}
    with pytest.raises(ProtocolError, match="written is missing"):
        check_result("PutContent", None)


def test_integers_that_came_as_floats_are_ints() -> None:
    params = check_params("ReadStream", {"path": "/a", "offset": 5.0, "credit": 1.0})
    assert repr(params["offset"]) == "5"
    assert repr(params["credit"]) == "1"


def test_what_is_given_is_not_changed() -> None:
    given = {"size": 5.0, "later": 1}
    assert check_info("ReadStream", given) == {"size": 5, "version": b""}
    assert repr(given) == "{'size': 5.0, 'later': 1}"


def test_the_info_of_a_listing_is_empty() -> None:
    assert check_info("Walk", {"later": 1}) == {}


def test_entries_are_for_listings_only() -> None:
    with pytest.raises(ProtocolError):
        check_entries("Stat", [])


def test_times_are_converted_from_here_too() -> None:
    assert time_to_wire(time_from_wire([5, 6000])) == [5, 6000]


@BY_METHOD
def test_every_default_is_none_or_of_its_type(call: Call) -> None:
    for key in (*call.params, *call.result, *call.info, *call.entry):
        assert not (key.required and key.default is not None)
        assert key.default is None or CHECKS[key.type](key.default) == key.default


@BY_METHOD
def test_no_key_stands_twice(call: Call) -> None:
    for keys in (call.params, call.result, call.info, call.entry):
        names = [key.name for key in keys]
        assert len(names) == len(set(names))


@BY_METHOD
def test_what_receives_has_a_credit_and_what_sends_an_end(call: Call) -> None:
    names = {key.name for key in call.params}
    assert ("credit" in names) is (call.direction is Direction.RECEIVED)
    assert ("end" in names) is (call.direction is Direction.SENT)


@BY_METHOD
def test_content_is_counted_by_a_key_of_the_result(call: Call) -> None:
    streams_bytes = call.direction is not Direction.NONE and call.method not in LISTINGS
    assert (call.count_key is not None) is streams_bytes
    assert call.count_key is None or call.count_key in {key.name for key in call.result}


def test_only_an_upload_is_counted_from_its_beginning() -> None:
    assert [call.method for call in CALLS.values() if call.counts_from_offset] == ["WriteUpload"]


@BY_METHOD
def test_a_listing_has_entries_and_a_read_has_info(call: Call) -> None:
    assert bool(call.entry) is (call.method in LISTINGS)
    assert bool(call.info) is (call.direction is Direction.RECEIVED and not call.entry)


@BY_METHOD
def test_control_calls_have_no_content(call: Call) -> None:
    assert not call.control or call.direction is Direction.NONE

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storagedriver.contract import (
    ERRORS,
    DriverCrashedError,
    DriverTimeoutError,
    InvalidOffsetError,
    InvalidParametersError,
    PartialFailureError,
    PathNotFoundError,
    ProtocolError,
    StorageDriverError,
    ThrottledError,
)
from storagedriver.ipc.codec import decode, encode
from storagedriver.ipc.limits import MAX_ERROR_MESSAGE_BYTES, MAX_ID
from storagedriver.ipc.messages import Response, Wire
from storagedriver.ipc.wire_errors import error_from_wire, error_to_wire

quiet = settings(database=None, deadline=None)

# One value for each name of a field, and one of the other sort where there is one.
EXAMPLES: dict[str, tuple[object, ...]] = {
    "path": ("/a/b", ""),
    "offset": (5, -1),
    "method": ("Walk",),
    "name": ("nfs",),
    "parameter": ("bucket",),
    "reason": ("is missing \u20ac",),
    "host_version": ("0.1",),
    "driver_version": ("1.0",),
    "exit_status": (3, None),
    "signal": (None, 9),
    "stderr": ("first\nlast words\n",),
    "seconds": (2.5, 30),
    "failed": ((("/a", "NoSpace"), ("/b", "Internal")), ()),
    "limit": (64, 0),
    "detail": ("REQUEST[3]: params must be a map",),
}


def over_the_wire(error: StorageDriverError) -> StorageDriverError:
    """The error as it arrives, with the largest id."""
    message = decode(*encode(Response(MAX_ID, error_to_wire(error), None)))
    assert isinstance(message, Response)
    assert message.error is not None
    return error_from_wire(message.error)


def state_of(error: StorageDriverError) -> dict[str, object]:
    return {"class": type(error), "text": str(error), **vars(error)}


def make(error_class: type[StorageDriverError], which: int, **about: Any) -> StorageDriverError:
    fields: dict[str, Any] = {
        name: EXAMPLES[name][which % len(EXAMPLES[name])] for name in error_class.field_names
    }
    return error_class(**fields, **about)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("error_class", ERRORS, ids=lambda error_class: error_class.code)
def test_every_error_comes_back_as_it_was(
    error_class: type[StorageDriverError], which: int
) -> None:
    error = make(error_class, which)
    assert state_of(over_the_wire(error)) == state_of(error)


@pytest.mark.parametrize("temporary", [True, False])
@pytest.mark.parametrize("error_class", ERRORS, ids=lambda error_class: error_class.code)
def test_what_all_errors_have_comes_back_too(
    error_class: type[StorageDriverError], temporary: bool
) -> None:
    error = make(
        error_class, 0, message="Oh no", driver="demo", temporary=temporary, stored=1 << 40
    )
    assert state_of(over_the_wire(error)) == state_of(error)


def test_the_base_class_comes_back() -> None:
    error = StorageDriverError("It broke", driver="demo", temporary=True, stored=0)
    assert state_of(over_the_wire(error)) == state_of(error)


def test_an_unknown_code_is_kept_by_the_base_class() -> None:
    error = StorageDriverError("Quota exceeded", code="QuotaExceeded")
    assert state_of(over_the_wire(error)) == state_of(error)


def test_a_class_of_a_driver_arrives_as_the_one_it_extends() -> None:
    class SlowDownError(ThrottledError):
        @property
        def fields(self) -> dict[str, object]:
            return {"path": self.path, "after_seconds": object()}

    back = over_the_wire(SlowDownError("/a"))
    assert type(back) is ThrottledError
    assert back.path == "/a"


def test_a_class_of_a_driver_with_its_own_code_keeps_its_message() -> None:
    class QuotaError(StorageDriverError):
        code = "Quota"
        field_names = ("limit_bytes",)
        limit_bytes = object()

    back = over_the_wire(QuotaError("The quota is used up"))
    assert type(back) is StorageDriverError
    assert (back.code, back.message) == ("Quota", "The quota is used up")


def test_enumerations_travel_as_their_numbers() -> None:
    back = over_the_wire(DriverCrashedError(None, signal.SIGKILL, ""))
    assert isinstance(back, DriverCrashedError)
    assert back.signal == 9


def test_a_long_message_is_cut_at_a_character() -> None:
    error = StorageDriverError("\u20ac" * 5_000)
    back = over_the_wire(error)
    assert len(back.message.encode()) == MAX_ERROR_MESSAGE_BYTES - 1
    assert set(back.message) == {"\u20ac"}


def test_of_long_output_the_last_lines_are_kept_and_the_cut_is_said() -> None:
    back = over_the_wire(DriverCrashedError(1, None, "noise\n" * 20_000 + "last words"))
    assert isinstance(back, DriverCrashedError)
    assert back.stderr.endswith("noise\nlast words")
    assert back.message.endswith("its last line was: last words (cut: stderr)")


def test_of_many_failures_the_first_are_kept_and_the_cut_is_said() -> None:
    failed = [(f"/some/path/{number}", "NoSpace") for number in range(100_000)]
    back = over_the_wire(PartialFailureError(failed))
    assert isinstance(back, PartialFailureError)
    assert back.failed == tuple(failed[: len(back.failed)])
    assert len(back.failed) > 1000
    assert back.message.endswith("and 99997 more (cut: failed)")


def test_of_failures_with_long_paths_those_that_fit_are_kept() -> None:
    failed = [("/" + "a" * 10_000, "NoSpace"), ("/" + "b" * 60_000, "NoSpace")]
    back = over_the_wire(PartialFailureError(failed))
    assert isinstance(back, PartialFailureError)
    assert back.failed == (failed[0],)


def test_the_cut_is_said_even_behind_a_long_message() -> None:
    error = PathNotFoundError("/" * 100_000, message="x" * 10_000)
    back = over_the_wire(error)
    assert len(back.message.encode()) == MAX_ERROR_MESSAGE_BYTES
    assert back.message.endswith("x (cut: path)")


def test_an_error_that_is_long_everywhere_fits() -> None:
    euros = "\u20ac" * 100_000
    error = InvalidParametersError(
        euros, euros, euros, message=euros, driver=euros, stored=(1 << 63) - 1
    )
    back = over_the_wire(error)
    assert isinstance(back, InvalidParametersError)
    assert back.message.endswith("(cut: name, parameter, reason)")
    assert len(back.reason) > 5_000


def test_a_long_code_is_cut() -> None:
    back = over_the_wire(StorageDriverError("x", code="c" * 100_000))
    assert back.code == "c" * 1024


def test_lone_surrogates_are_written_out() -> None:
    back = over_the_wire(PathNotFoundError("/\udc80", driver="\ud800"))
    assert isinstance(back, PathNotFoundError)
    assert back.path == "/\\udc80"
    assert back.message == "Path not found: /\\udc80"
    assert back.driver == "\\ud800"


def test_a_number_beyond_64_bits_is_cut_and_that_is_said() -> None:
    back = over_the_wire(InvalidOffsetError("/a", 1 << 80))
    assert isinstance(back, InvalidOffsetError)
    assert back.offset == (1 << 63) - 1
    assert back.message.endswith("(cut: offset)")


def test_seconds_beyond_64_bits_do_not_cost_the_error() -> None:
    back = over_the_wire(DriverTimeoutError(1 << 80, "Walk"))
    assert isinstance(back, DriverTimeoutError)
    assert back.message.endswith("(cut: seconds)")


@pytest.mark.parametrize(("path", "arrives"), [(None, ""), (Path("/a"), "/a"), (5, "5")])
def test_a_field_of_a_wrong_type_does_not_cost_the_error(path: Any, arrives: str) -> None:
    error = PathNotFoundError("/a")
    error.path = path
    back = over_the_wire(error)
    assert isinstance(back, PathNotFoundError)
    assert back.path == arrives


def test_an_error_without_a_code_is_a_protocol_error() -> None:
    with pytest.raises(ProtocolError, match="must have a code"):
        error_from_wire({"message": "x"})


def test_an_absent_message_is_made_of_the_fields() -> None:
    wire: Mapping[str, Wire] = {"code": "InvalidOffset", "fields": {"path": "/a", "offset": 7}}
    assert error_from_wire(wire).message == "Invalid offset: 7 for path: /a"


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
fields = st.recursive(
    scalars | st.binary(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(EXAMPLES)), inner)
    ),
    max_leaves=8,
)


@quiet
@given(
    st.sampled_from(ERRORS),
    st.dictionaries(st.sampled_from([*EXAMPLES, "stored"]), fields),
    st.dictionaries(st.sampled_from(["message", "temporary", "driver", "fields"]), fields),
)
def test_no_field_however_odd_loses_an_error(
    error_class: type[StorageDriverError], odd: dict[str, Wire], others: dict[str, Wire]
) -> None:
    error = error_from_wire({"code": error_class.code, "fields": odd, **others})
    assert type(error) is error_class
    # It can be sent on and shown, though a text that was sent empty stays empty.
    assert type(over_the_wire(error)) is error_class
    assert str(error) or others["message"] == ""


@quiet
@given(st.sampled_from(ERRORS), st.lists(st.text(max_size=3000), min_size=3, max_size=3))
def test_texts_of_any_kind_arrive_or_are_cut(
    error_class: type[StorageDriverError], given_texts: list[str]
) -> None:
    texts = iter(given_texts)
    error = make(error_class, 0, driver=given_texts[0])
    for name in error_class.field_names:
        if isinstance(getattr(error, name), str):
            setattr(error, name, next(texts))
    back = over_the_wire(error)
    assert type(back) is error_class
    for name in error_class.field_names:
        sent, arrived = getattr(error, name), getattr(back, name)
        if isinstance(sent, str):
            assert arrived == sent.encode(errors="backslashreplace").decode()

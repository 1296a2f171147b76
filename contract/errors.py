"""Every error of the contract: one base class, and a closed set of classes with stable codes.

Callers act on the class or on `code`, and on the fields; the text is for people. Each class says
when it is raised; `ERRORS_BY_CODE` finds a class by its code. Messages begin with the original's
text where there is one; `str()` adds the driver's name.

Raised in the driver's process, an error reaches the caller as the same class with the same fields,
message and `temporary`. All of them can be pickled and copied.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, TypedDict, Unpack

# Nobody wants a megabyte of path in a log line; the field keeps all of it.
_SHOWN_PATH_CHARACTERS: Final = 300


class About(TypedDict, total=False):
    """What every error takes besides the fields of its class. See StorageDriverError."""

    message: str
    driver: str
    temporary: bool
    stored: int | None


class StorageDriverError(Exception):
    """The base of all errors of a driver, and the class of those whose code is not known here.

    Attributes:
        code: the stable name of the kind of error, here and on the wire. `Internal` is a failure of
            the driver that has no class of its own, such as a bug.
        message: the text, without the driver's name.
        driver: the driver's name; empty until the layer that knows it has filled it in.
        temporary: whether the same call may succeed when it is repeated.
        stored: after a failed or cancelled write the size of the object now, in bytes; None where
            that is unknown or makes no sense.
    """

    code: str = "Internal"
    default_temporary: ClassVar[bool] = False
    field_names: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        message: str = "The driver failed",
        *,
        code: str | None = None,
        driver: str = "",
        temporary: bool | None = None,
        stored: int | None = None,
    ) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.message = message
        self.driver = driver
        self.temporary = self.default_temporary if temporary is None else temporary
        self.stored = stored

    @property
    def fields(self) -> dict[str, object]:
        """The fields of the class by name, as they travel."""
        return {name: getattr(self, name) for name in self.field_names}

    def __str__(self) -> str:
        return f"{self.message} (driver {self.driver})" if self.driver else self.message

    def __reduce__(self) -> tuple[object, ...]:
        # Exception's own way would call the class with the message alone.
        return _restore, (type(self), self.message, self.__dict__.copy())


def _restore(
    cls: type[StorageDriverError], message: str, attributes: dict[str, object]
) -> StorageDriverError:
    error = cls.__new__(cls, message)
    error.__dict__.update(attributes)
    return error


def _shown(path: str) -> str:
    if len(path) <= _SHOWN_PATH_CHARACTERS:
        return path
    return path[:_SHOWN_PATH_CHARACTERS] + "..."


class _PathError(StorageDriverError):
    """The shape that most errors share: a path, and a text that begins with `opening`.

    `reason` says more than the class does; it goes into the message only.
    """

    field_names = ("path",)
    opening: ClassVar[str]

    def __init__(self, path: str, *, reason: str = "", **about: Unpack[About]) -> None:
        about.setdefault(
            "message", f"{self.opening}: {_shown(path)}" + (f": {reason}" if reason else "")
        )
        super().__init__(**about)
        self.path = path


class PathNotFoundError(_PathError):
    """There is nothing at `path`."""

    code = "PathNotFound"
    opening = "Path not found"


class NotADirectoryError(PathNotFoundError):
    """`path` is a file where a directory is needed, or lies below a file."""

    code = "NotADirectory"
    opening = "Not a directory"


class IsADirectoryError(PathNotFoundError):
    """`path` is a directory where an object is needed."""

    code = "IsADirectory"
    opening = "Is a directory"


class InvalidPathError(_PathError):
    """`path` breaks the path rule, or is one that the operation refuses."""

    code = "InvalidPath"
    opening = "Invalid path"


class InvalidOffsetError(StorageDriverError):
    """`offset` is negative, or lies beyond the current size of what is to be written."""

    code = "InvalidOffset"
    field_names = ("path", "offset")

    def __init__(self, path: str, offset: int, **about: Unpack[About]) -> None:
        about.setdefault("message", f"Invalid offset: {offset} for path: {_shown(path)}")
        super().__init__(**about)
        self.path = path
        self.offset = offset


class UnsupportedMethodError(StorageDriverError):
    """The driver does not implement this optional operation."""

    code = "UnsupportedMethod"
    field_names = ("method",)

    def __init__(self, method: str, **about: Unpack[About]) -> None:
        about.setdefault("message", f"Unsupported method: {method}")
        super().__init__(**about)
        self.method = method


class InvalidStorageDriverError(StorageDriverError):
    """No driver of this `name` is registered, installed or found as an executable."""

    code = "InvalidStorageDriver"
    field_names = ("name",)

    def __init__(self, name: str, *, reason: str = "", **about: Unpack[About]) -> None:
        about.setdefault(
            "message", f"StorageDriver not registered: {name}" + (f": {reason}" if reason else "")
        )
        super().__init__(**about)
        self.name = name


class InvalidParametersError(StorageDriverError):
    """`parameter` of the driver `name`, or an option of a call, is wrong for the `reason` given.

    Raised before any I/O.
    """

    code = "InvalidParameters"
    field_names = ("name", "parameter", "reason")

    def __init__(self, name: str, parameter: str, reason: str, **about: Unpack[About]) -> None:
        about.setdefault("message", f"Invalid parameter {parameter!r} of {name}: {reason}")
        super().__init__(**about)
        self.name = name
        self.parameter = parameter
        self.reason = reason


class NoSpaceError(_PathError):
    """The backend has no room left, or a quota is used up."""

    code = "NoSpace"
    opening = "No space left"


class PermissionDeniedError(_PathError):
    """The backend refuses access, or stands read-only."""

    code = "PermissionDenied"
    opening = "Permission denied"


class ThrottledError(_PathError):
    """The backend, or this project's own limit, asks for fewer calls at a time."""

    code = "Throttled"
    opening = "Throttled"
    default_temporary = True


class ChecksumMismatchError(_PathError):
    """The content does not have the digest or size that it should have; nothing was published."""

    code = "ChecksumMismatch"
    opening = "Checksum mismatch"


class ContentChangedError(_PathError):
    """A read that was to continue at an offset met other content than it began with."""

    code = "ContentChanged"
    opening = "Content changed"


class IncompatibleVersionError(StorageDriverError):
    """Host and driver speak no common version; both are given as "Major.Minor"."""

    code = "IncompatibleVersion"
    field_names = ("host_version", "driver_version")

    def __init__(
        self, host_version: str, driver_version: str, *, upgrade: str = "", **about: Unpack[About]
    ) -> None:
        about.setdefault(
            "message",
            f"Incompatible version: the host speaks {host_version}, the driver {driver_version}"
            + (f"; upgrade the {upgrade}" if upgrade else ""),
        )
        super().__init__(**about)
        self.host_version = host_version
        self.driver_version = driver_version


class DriverCrashedError(StorageDriverError):
    """The driver's process ended although nobody asked it to.

    Attributes:
        exit_status: what it exited with; None if a signal ended it or the status is not known.
        signal: the number of the signal that ended it, or None.
        stderr: the last lines it wrote to standard error.
        pid: which process it was, for the host that has seen its end. None where the error was told
            by another: by a driver that is itself the host of one.
    """

    code = "DriverCrashed"
    field_names = ("exit_status", "signal", "stderr")
    default_temporary = True

    def __init__(
        self,
        exit_status: int | None,
        signal: int | None,
        stderr: str,
        *,
        pid: int | None = None,
        **about: Unpack[About],
    ) -> None:
        about.setdefault("message", _crash_text(exit_status, signal, stderr))
        super().__init__(**about)
        self.exit_status = exit_status
        self.signal = signal
        self.stderr = stderr
        self.pid = pid


def _crash_text(exit_status: int | None, signal: int | None, stderr: str) -> str:
    if signal is not None:
        how = f"was ended by signal {signal}"
    elif exit_status is not None:
        how = f"exited with status {exit_status}"
    else:
        how = "ended"
    lines = stderr.strip().splitlines()
    last = "".join(map(_visible, lines[-1][:300])) if lines else ""
    return f"The driver process {how}" + (f"; its last line was: {last}" if last else "")


def _visible(character: str) -> str:
    """Return it, or as an escape what would do something to the terminal that shows it."""
    return character if character.isprintable() else repr(character)[1:-1]


class DriverTimeoutError(StorageDriverError):
    """A call made no progress for `seconds`; its outcome is not known."""

    code = "DriverTimeout"
    field_names = ("seconds", "method")
    default_temporary = True

    def __init__(self, seconds: float, method: str, **about: Unpack[About]) -> None:
        about.setdefault("message", f"No progress for {seconds:g} seconds in {method}")
        super().__init__(**about)
        self.seconds = seconds
        self.method = method


class OutcomeUnknownError(StorageDriverError):
    """The process died when it may already have done something that must not be done twice."""

    code = "OutcomeUnknown"
    field_names = ("method", "path")

    def __init__(self, method: str, path: str, **about: Unpack[About]) -> None:
        about.setdefault("message", f"Outcome unknown: {method} of {_shown(path)}")
        super().__init__(**about)
        self.method = method
        self.path = path


class PartialFailureError(StorageDriverError):
    """Part of a batch failed; `failed` gives the path and the error code of each of them."""

    code = "PartialFailure"
    field_names = ("failed",)

    def __init__(self, failed: Sequence[tuple[str, str]], **about: Unpack[About]) -> None:
        shown = ", ".join(f"{_shown(path)} ({code})" for path, code in failed[:3])
        more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
        about.setdefault("message", f"Failed in part: {shown}{more}")
        super().__init__(**about)
        self.failed = tuple((path, code) for path, code in failed)


class CancelledError(StorageDriverError):
    """The call was cancelled before it finished; a write kept the `stored` bytes."""

    code = "Cancelled"

    def __init__(self, **about: Unpack[About]) -> None:
        about.setdefault("message", "Cancelled")
        super().__init__(**about)


class TooManyChannelsError(StorageDriverError):
    """The driver takes no further channel than its `limit`."""

    code = "TooManyChannels"
    field_names = ("limit",)
    default_temporary = True

    def __init__(self, limit: int, **about: Unpack[About]) -> None:
        about.setdefault("message", f"Too many channels: the driver takes {limit}")
        super().__init__(**about)
        self.limit = limit


class ProtocolError(StorageDriverError):
    """The peer broke the protocol; `detail` says where and how."""

    code = "ProtocolError"
    field_names = ("detail",)

    def __init__(self, detail: str, **about: Unpack[About]) -> None:
        about.setdefault("message", f"Protocol error: {detail}")
        super().__init__(**about)
        self.detail = detail


ERRORS: Final[tuple[type[StorageDriverError], ...]] = (
    PathNotFoundError,
    NotADirectoryError,
    IsADirectoryError,
    InvalidPathError,
    InvalidOffsetError,
    UnsupportedMethodError,
    InvalidStorageDriverError,
    InvalidParametersError,
    NoSpaceError,
    PermissionDeniedError,
    ThrottledError,
    ChecksumMismatchError,
    ContentChangedError,
    IncompatibleVersionError,
    DriverCrashedError,
    DriverTimeoutError,
    OutcomeUnknownError,
    PartialFailureError,
    CancelledError,
    TooManyChannelsError,
    ProtocolError,
)
"""Every class of the contract that has a code of its own."""

ERRORS_BY_CODE: Final[dict[str, type[StorageDriverError]]] = {error.code: error for error in ERRORS}

"""What a driver answered, as plain values that are equal for equal behaviour.

Two runs of a case with one seed make the same calls, so what they recorded can be compared line by
line. What differs from run to run without meaning anything (times, versions, URLs) is left out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TypeAlias, cast
from urllib.parse import urlsplit

from storagedriver.contract import FileInfo, ReadStream, StorageDriverError

Plain: TypeAlias = bool | int | str | tuple["Plain", ...] | None
"""What an outcome consists of: it compares by value and prints as it is."""

# Short contents and texts are shown as they are, longer ones by size and hash.
_SHOWN_BYTES = 64
_SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """One call, or one step of a case, and what came of it."""

    call: str
    answer: Plain


def of_content(content: bytes | bytearray | memoryview) -> str:
    """Describe bytes by their value, or by size and hash."""
    if len(content) <= _SHOWN_BYTES:
        return repr(bytes(content))
    return f"{len(content)} bytes, sha256 {hashlib.sha256(content).hexdigest()}"


def of_text(text: str) -> str:
    """Describe a text by its value, or by its beginning, length and hash."""
    if len(text) <= _SHOWN_CHARACTERS:
        return repr(text)
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
    return f"{text[:32]!r}..., {len(text)} characters, sha256 {digest}"


def of_error(error: BaseException) -> Plain:
    """Describe an error: all that a caller can act on, and its text.

    Of Python's own errors only the class: their texts belong to whoever raised them.
    """
    if not isinstance(error, StorageDriverError):
        return ("raised", type(error).__name__)
    return (
        "raised",
        type(error).__name__,
        error.code,
        of_fields(error),
        error.temporary,
        error.stored,
        of_text(error.message),
    )


def of_fields(error: StorageDriverError) -> Plain:
    """Describe the fields of an error's class, in their order."""
    return tuple((name, _of_field(value)) for name, value in error.fields.items())


def _of_field(value: object) -> Plain:
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return of_text(value)
    if isinstance(value, tuple):
        return tuple(map(_of_field, cast("tuple[object, ...]", value)))
    return repr(value)


def of_info(info: FileInfo) -> Plain:
    """Describe a FileInfo; of its time only whether there is one."""
    return (info.path, info.size, info.is_dir, info.mod_time is not None)


def of_stream(stream: ReadStream) -> Plain:
    """Describe a stream that was opened; of its version only whether there is one."""
    return ("stream", stream.size, bool(stream.version))


def of_url(url: str) -> Plain:
    """Describe a URL; the rest of it may hold times and signatures."""
    return ("url", urlsplit(url).scheme)

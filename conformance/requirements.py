"""What the cases stand for: each line of the contract, each test of the original, and more.

A case names the keys it covers; a test sees to it that every key has a case. docs/suite.md shows
the table. `edge` keys are the numbered edge cases of the contract, `dispute` keys the questions
that the original's own drivers answered differently, `2015` keys the tests of the original's suite,
and `also` keys come from the suites and bug reports of other projects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from storagedriver.conformance.case import Case

_OPERATIONS: Final[Mapping[str, str]] = {
    "get_content": "the whole content as bytes, right for any size",
    "put_content": "replaces the whole content atomically and creates parents",
    "read_stream": "a readable, closeable binary stream from an offset",
    "write_stream": "stores all the reader gives; afterwards `old[:offset] + data`",
    "stat": "path as requested, size, mod_time, is_dir; size 0 and no time for directories",
    "list": "full paths of the direct descendants, once each, in byte order",
    "move": "the destination is replaced, the source is gone",
    "delete": "recursive",
    "url_for": "a URL for `method` and `expiry`; a wrong option is an error",
    "walk": "every file below in byte order of the path; one that vanishes is skipped",
    "resume_write_position": "the size, 0 if absent",
    "writer": "an upload is hidden until its commit, and resumed by its id from anywhere",
    "uploads": "id, path, size and time of the open uploads below a path, in order",
    "interface 2014": "exactly `size` bytes are read, then the reader is closed; recursive list",
    "close": "closing twice is no error; a call after it is ValueError",
    "version": "the driver speaks the contract's major version",
}

_PATHS: Final[Mapping[str, str]] = {
    "paths rule": "components of `[a-z0-9]+([._-][a-z0-9]+)*`, full match, ASCII only",
    "paths root": "`/` is legal for list, walk and stat only",
    "paths length": "a component has at most 255 bytes, a path 1,024",
    "paths order": "the path is checked before the offset, both before any I/O",
}

_ERRORS: Final[Mapping[str, str]] = {
    "error classes": "class, code, fields, `temporary`, driver's name and original's text agree",
    "error types": "arguments of a wrong type are TypeError, on every driver",
    "error PathNotFound": "nothing there",
    "error NotADirectory": "list of a file; anything below a file",
    "error IsADirectory": "read of a directory",
    "error InvalidPath": "the path rule",
    "error InvalidOffset": "negative, or a write beyond the current size",
    "error UnsupportedMethod": "an optional operation that is not implemented",
    "error InvalidParameters": "wrong options of a call",
    "error ChecksumMismatch": "a commit with another size or digest; nothing is published",
}

_EDGES: Final[Mapping[str, str]] = {
    "edge 1": "a write into the middle ends the content at offset + n",
    "edge 2": "a write beyond the size is InvalidOffset and writes nothing",
    "edge 3": "a write at an offset above 0 to a missing path is InvalidOffset",
    "edge 4": "an empty reader makes a zero-length object, or leaves the object as it is",
    "edge 5": "the exception of a reader reaches the caller; the content is old, or old and prefix",
    "edge 6": "a read at or beyond the end is empty; a negative offset is InvalidOffset",
    "edge 7": "a read of a directory is IsADirectory",
    "edge 8": "list of a missing path is PathNotFound, of a file NotADirectory",
    "edge 9": "the root of an empty store is a directory with an empty list",
    "edge 10": "no object over a directory or below a file, except in a flat namespace",
    "edge 11": "a move from nowhere is PathNotFound of the source and touches nothing",
    "edge 12": "a move to itself changes nothing; PathNotFound if absent",
    "edge 13": "a directory moves whole, or not at all; never into itself",
    "edge 14": "paths that share a prefix are not confused",
    "edge 15": "delete of a missing path is PathNotFound, of `/` InvalidPath",
    "edge 16": "directories exist only while something is in them",
    "edge 17": "a batch that failed in part is PartialFailure listing what failed, never success",
    "edge 18": "staging names are never visible",
    "edge 19": "of concurrent put_contents of one path one whole content wins",
    "edge 20": "an open reader gives old content or new to the end, never a mixture",
    "edge 21": "mod_time is aware UTC, goes forward on overwrite and is the same everywhere",
    "edge 22": "what was acknowledged is there for the next driver of the store",
}

_DISPUTES: Final[Mapping[str, str]] = {
    "dispute 1": "write_stream into the middle of a longer object: the tail goes",
    "dispute 2": "list of a missing path: PathNotFound",
    "dispute 3": "list of a file: NotADirectory, a PathNotFound",
    "dispute 4": "stat of `/`: a directory, always",
    "dispute 5": "get or read of a directory: IsADirectory, a PathNotFound",
    "dispute 6": "put over a directory or below a file: an error, except in a flat namespace",
    "dispute 7": "read beyond the end: empty",
    "dispute 8": "empty write_stream: a zero-length object",
    "dispute 9": "a reader that fails midway: old content, or old[:offset] and a prefix",
    "dispute 10": "move from a missing source: the error names the source; no side effects",
    "dispute 11": "move to itself: nothing happens, and nothing is lost",
    "dispute 12": "move of a directory: whole or UnsupportedMethod",
    "dispute 13": "delete, stat and list do not touch siblings that share a prefix",
    "dispute 14": "delete of many: complete, or an error listing what is left",
    "dispute 15": "a write that could not be completed is not reported as success",
    "dispute 16": "versions: one major version, spoken by both sides",
    "dispute 17": "emptied parents are not listed",
}

_ORIGINAL: Final[Mapping[str, str]] = {
    "2015 ValidPaths": "put and get at legal paths",
    "2015 InvalidPaths": "put and get at illegal paths: InvalidPath",
    "2015 WriteRead1": "one ASCII byte",
    "2015 WriteRead2": "a two-byte UTF-8 character",
    "2015 WriteRead3": "32 random bytes",
    "2015 WriteRead4": "1 MiB of random bytes",
    "2015 WriteReadNonUTF8": "bytes that are not UTF-8",
    "2015 Truncate": "a shorter content replaces a longer one",
    "2015 ReadNonexistent": "get of nothing: PathNotFound",
    "2015 WriteReadStreams1": "one ASCII byte, by streams",
    "2015 WriteReadStreams2": "a two-byte UTF-8 character, by streams",
    "2015 WriteReadStreams3": "32 random bytes, by streams",
    "2015 WriteReadStreams4": "1 MiB of random bytes, by streams",
    "2015 WriteReadStreamsNonUTF8": "bytes that are not UTF-8, by streams",
    "2015 WriteReadLargeStreams": "5 GiB, by streams",
    "2015 ReadStreamWithOffset": "reads from offsets up to the end, and from -1",
    "2015 ContinueStreamAppendLarge": "appends of 10 MiB, and a rewritten last chunk",
    "2015 ContinueStreamAppendSmall": "appends of 32 bytes, and a rewritten last chunk",
    "2015 ReadNonexistentStream": "read of nothing: PathNotFound at any offset",
    "2015 List": "50 files three levels down",
    "2015 Move": "content at the destination, nothing at the source",
    "2015 MoveOverwrite": "a shorter object replaces a longer one",
    "2015 MoveNonexistent": "PathNotFound, the destination intact",
    "2015 Delete": "put, delete, get",
    "2015 URLFor": "GET and HEAD of a URL, or UnsupportedMethod",
    "2015 DeleteNonexistent": "PathNotFound",
    "2015 DeleteFolder": "one file of a folder, then the folder",
    "2015 StatCall": "of nothing, of a file before and after an overwrite, of a directory",
    "2015 ConcurrentStreamReads": "10 readers at random offsets",
    "2015 ConcurrentFileStreams": "32 writers from files",
    "2015 EventualConsistency": "what stat shows can be read",
}

_ALSO: Final[Mapping[str, str]] = {
    "also odd paths": "newline, NUL, `..`, percent sequences, other scripts",
    "also offsets": "at, around and far beyond the end, up to 2**63 - 1",
    "also random ranges": "many random loads",
    "also abandoned reads": "closing early, twice, without reading; reading after it",
    "also short sources": "readers that give less, or more, than was asked for",
    "also unknown sizes": "streams whose length nobody has told",
    "also empty then append": "an empty object grows by appending",
    "also stale bytes": "no byte of an earlier, longer content comes back",
    "also many entries": "more than one page of 1,000",
    "also single calls": "objects larger than one call of a backend can copy",
    "also start_after": "exclusive; before, after, between, missing, inside a directory",
    "also listing while changing": "entries that stay are listed while others come and go",
    "also abandoned listings": "a walk that is not finished",
    "also deep trees": "as deep as a path can be",
    "also pruning races": "an emptied directory that is filled again meanwhile",
    "also delete during puts": "a directory that is deleted while it is filled",
    "also delete twice": "the second is PathNotFound",
    "also streams at once": "several open streams, and other calls meanwhile",
    "also versions": "the version of a content tells it from others",
    "also held writes": "a writer that waits holds up nobody else",
    "also URLs": "options, expiry, missing objects",
    "also sizes": "contents around every buffer size of the protocol",
    "also copies": "what was handed over may change afterwards",
}

REQUIREMENTS: Final[Mapping[str, str]] = {
    **_OPERATIONS,
    **_PATHS,
    **_ERRORS,
    **_EDGES,
    **_DISPUTES,
    **_ORIGINAL,
    **_ALSO,
}
"""Every key that a case may cover, with its sentence."""


def table(cases: Iterable[Case]) -> str:
    """Return which cases cover which requirement, as a Markdown table."""
    by_key: dict[str, list[str]] = {key: [] for key in REQUIREMENTS}
    for case in cases:
        for key in case.covers:
            by_key[key].append(f"`{case.name}`")
    rows = [
        f"| {key} | {REQUIREMENTS[key].replace('|', '/')} | {', '.join(names)} |"
        for key, names in by_key.items()
    ]
    return "\n".join(["| key | what | cases |", "|---|---|---|", *rows]) + "\n"

"""What a soak stores, known without being kept: contents are cut from one pool of random bytes."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

# More than the largest content, so that two contents begin at different places and differ at once.
POOL_BYTES: Final = 8 << 20

LARGEST_BYTES: Final = 5 << 20
"""Of one new content: several chunks, and more than the credit of a stream."""

# Sizes around which something changes: nothing, one message without a look ahead, a page, a part
# of a chunk, a chunk, more than the credit of a stream. The last number of each is how often.
_SIZES: Final = (
    (0, 0, 4),
    (1, 200, 30),
    (4_000, 4_200, 30),
    (60_000, 70_000, 20),
    ((1 << 20) - 2, (1 << 20) + 2, 6),
    (1 << 20, 3 << 20, 4),
    ((4 << 20) - 1, LARGEST_BYTES, 2),
)


@dataclass(frozen=True, slots=True)
class Content:
    """Some bytes, as views of a pool."""

    pieces: tuple[memoryview, ...] = ()

    @property
    def size(self) -> int:
        return sum(map(len, self.pieces))

    def first(self, size: int) -> Content:
        """Return the content cut to at most `size` bytes."""
        pieces: list[memoryview] = []
        for piece in self.pieces:
            pieces.append(piece[:size])
            size -= len(pieces[-1])
        return Content(tuple(piece for piece in pieces if piece))

    def __add__(self, other: Content) -> Content:
        return Content(self.pieces + other.pieces)

    def to_bytes(self) -> bytes:
        return b"".join(self.pieces)

    def holds(self, data: bytes | memoryview, offset: int) -> bool:
        """Whether `data` is what stands at `offset`, all within the content."""
        rest = memoryview(data)
        for piece in self.pieces:
            if not rest:
                return True
            own = piece[offset : offset + len(rest)]
            offset = max(0, offset - len(piece))
            # As bytes: two views are compared item by item, which takes far longer.
            if own.tobytes() != rest[: len(own)].tobytes():
                return False
            rest = rest[len(own) :]
        return not rest

    def equals(self, data: bytes | memoryview) -> bool:
        return len(data) == self.size and self.holds(data, 0)

    def __str__(self) -> str:
        begin = self.first(6).to_bytes().hex()
        return f"{self.size} bytes {begin}.." if begin else "0 bytes"


class Material:
    """The pool of one run. Any thread may use it."""

    def __init__(self, seed: int) -> None:
        self._pool = memoryview(Random(seed).randbytes(POOL_BYTES))

    def content(self, random: Random) -> Content:
        """Return a content of any size that matters."""
        return self.piece(random, a_size(random))

    def piece(self, random: Random, size: int) -> Content:
        """Return a content of `size` bytes."""
        start = random.randrange(POOL_BYTES - size)
        return Content((self._pool[start : start + size],) if size else ())


def a_size(random: Random) -> int:
    """Return a size that matters, mostly a small one."""
    (least, most, _), *_ = random.choices(_SIZES, [weight for *_, weight in _SIZES])
    return random.randint(least, most)

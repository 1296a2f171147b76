"""What a soak has found, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from storagedriver.benchmarks.soak.census import Census


@dataclass(frozen=True, slots=True)
class SoakReport:
    """A whole run."""

    seed: int
    threads: int
    durability: str
    seconds: float
    """How long it really ran, pauses included."""
    calls: Mapping[str, Mapping[str, int]]
    """How often calls of each kind have ended in each way."""
    faults: Mapping[str, int]
    """How often each was done to a process."""
    events: Mapping[str, int]
    """What the host has counted itself."""
    largest_gap_seconds: float
    """Without a call that was answered, over all threads."""
    audits: int
    """How often everything stored was read and compared while nobody wrote."""
    first_census: Census | None
    last_census: Census | None
    violations: tuple[str, ...]

    @property
    def calls_made(self) -> int:
        return sum(sum(outcomes.values()) for outcomes in self.calls.values())

    def as_json(self) -> dict[str, object]:
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """Iterate over the lines of a text for people."""
        yield (
            f"{self.calls_made} calls by {self.threads} threads in {self.seconds:.0f} s,"
            f" durability {self.durability}, seed {self.seed}"
        )
        for kind, outcomes in self.calls.items():
            yield f"  {kind:28} {_counts(outcomes)}"
        yield f"done to the driver: {_counts(self.faults)}"
        yield f"seen by the host: {_counts(self.events)}"
        yield f"largest gap without an answer: {self.largest_gap_seconds:.2f} s"
        yield f"audits: {self.audits}"
        for name, census in (("after warm-up", self.first_census), ("end", self.last_census)):
            if census is not None:
                yield f"host, {name}: {_counts(asdict(census))}"
        yield f"violations: {len(self.violations)}"
        yield from self.violations


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count) or "none"

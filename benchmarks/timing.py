"""Ways of doing one thing, timed in turn, so that a machine that gets slower meanwhile slows all of them alike."""

import json
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds over all repetitions."""

    minimum: float
    median: float
    maximum: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Figures":
        return cls(round(min(seconds), 3), round(statistics.median(seconds), 3), round(max(seconds), 3))


@dataclass(frozen=True, slots=True)
class Measured:
    """One way of doing it: what a person waited for, and what the processors did (this process and its children)."""

    repetitions: int
    wall_seconds: Figures
    processor_seconds: Figures | None
    """None where it can't be told apart from that of other ways."""

    @classmethod
    def of(cls, wall_seconds: Sequence[float]) -> "Measured":
        """Where only the waiting was timed."""
        return cls(len(wall_seconds), Figures.of(wall_seconds), None)


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted, not timed."""

    value: float
    unit: str


Row = Measured | Counted


def timed(work: Callable[[], object]) -> float:
    """The seconds it took."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def side_by_side(
    ways: Mapping[str, Callable[[], object]], repetitions: int, then: Callable[[], object] | None = None
) -> dict[str, Measured]:
    """Do each in turn, `repetitions` times over; after each turn do `then`, which isn't timed."""
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(repetitions):
        for name, way in ways.items():
            wall, processor = time.monotonic(), processor_seconds()
            way()
            samples[name].append((time.monotonic() - wall, processor_seconds() - processor))
        if then is not None:
            then()
    return {
        name: Measured(
            repetitions, Figures.of([wall for wall, _ in taken]), Figures.of([processor for _, processor in taken])
        )
        for name, taken in samples.items()
    }


def keep(name: str, rows: Mapping[str, Mapping[str, Row]]) -> Path:
    """Write the figures, by size and way, with what they were measured on; return the file."""
    document = {
        "machine": {"processors": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        "load_at_the_end": round(os.getloadavg()[0], 1),
        "figures": {size: {way: asdict(row) for way, row in ways.items()} for size, ways in rows.items()},
    }
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{name}.json"
    file.write_text(json.dumps(document, indent=2) + "\n")
    return file


def processor_seconds() -> float:
    """What the processors did so far, for this process and those of its children that ended."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )

"""Ways of doing one thing, timed in turn, so that a machine that gets slower meanwhile slows all of them alike."""

import math
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Figures:
    """Over all repetitions."""

    minimum: float
    median: float
    p95: float
    """The least figure that 95 % of them don't exceed: of fewer than twenty, the maximum."""
    maximum: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figures":
        ordered = sorted(values)
        p95 = ordered[math.ceil(0.95 * len(ordered)) - 1]
        return cls(*(round(value, 4) for value in (ordered[0], statistics.median(ordered), p95, ordered[-1])))


@dataclass(frozen=True, slots=True)
class Measured:
    """One way of doing it: what a person waited for, and what the processors did (this process and its children)."""

    repetitions: int
    wall_seconds: Figures
    processor_seconds: Figures | None
    """None where it can't be told apart from that of other ways."""
    wall_samples: tuple[float, ...] = ()
    """In seconds, in the order of the repetitions."""

    @classmethod
    def of(cls, wall_seconds: Sequence[float]) -> "Measured":
        """Where only the waiting was timed."""
        return cls(len(wall_seconds), Figures.of(wall_seconds), None, tuple(round(each, 4) for each in wall_seconds))


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted, not timed."""

    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Compared:
    """How many times as long as another way one took, repetition by repetition."""

    times: Figures


Row = Measured | Counted | Compared


def timed(work: Work) -> float:
    """The seconds it took."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def side_by_side(
    ways: Mapping[str, Work],
    repetitions: int,
    then: Work | None = None,
    before: Mapping[str, Work] = MappingProxyType({}),
    *,
    there_and_back: bool = False,
) -> dict[str, Measured]:
    """Do each in turn, `repetitions` times over. What is to be done `before` a way, and `then`, after each turn, isn't
    timed.

    there_and_back: every second turn is the other way round. A machine that gets slower and slower otherwise slows the
    last of a turn more than the first, which counts where they differ by a few per cent.
    """
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for repetition in range(repetitions):
        turn = list(ways.items())
        for name, way in reversed(turn) if there_and_back and repetition % 2 else turn:
            if name in before:
                before[name]()
            wall, processor = time.monotonic(), processor_seconds()
            way()
            samples[name].append((time.monotonic() - wall, processor_seconds() - processor))
        if then is not None:
            then()
    return {
        name: Measured(
            repetitions,
            Figures.of([wall for wall, _ in taken]),
            Figures.of([processor for _, processor in taken]),
            tuple(round(wall, 4) for wall, _ in taken),
        )
        for name, taken in samples.items()
    }


def compared(of: Measured, to: Measured) -> Compared:
    """How many times as long as `to` it took `of`. Both were timed in turn: each repetition is compared with its
    neighbour."""
    pairs = zip(of.wall_samples, to.wall_samples, strict=True)
    return Compared(Figures.of([one / other for one, other in pairs]))


def processor_seconds() -> float:
    """What the processors did so far, for this process and those of its children that ended."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )

"""What is to be reached, beside which of today's ways, and which of the figures tells."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from benchmarks import memory, recording, rollback, startup, storage, traffic

Statistic = Literal["minimum", "median", "p95", "maximum"]
Documents = Mapping[str, Any]
"""By the benchmark's name, as `results.kept` has them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A figure that was measured."""

    text: str
    met: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One figure, and what it is held against."""

    label: str
    benchmark: str
    size: str
    way: str
    limit: float
    at_least: bool = False
    judged_by: Statistic = "median"

    def outcome(self, documents: Documents) -> Outcome | None:
        """None: it was not measured."""
        row = documents.get(self.benchmark, {}).get("figures", {}).get(self.size, {}).get(self.way)
        if row is None:
            return None
        value, text = _read(row, self.judged_by)
        return Outcome(text, value >= self.limit if self.at_least else value <= self.limit)


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be reached, in one or more cases."""

    what: str
    beside: str
    to_reach: str
    cases: tuple[Case, ...]


def targets() -> Iterator[Target]:
    """All of them, in the order they are shown in."""
    yield _consumers_moved()
    largest = _sized("traffic", (traffic.ALL_SIZES,), traffic.GROWTH, 1.25)
    yield Target(
        "the same, of 1,000 resources", "of 10", "independent of the number: p95 at most 1.25 times as long", largest
    )
    yield from _whole_operation("whole rollback", rollback.UNDO)
    yield from _whole_operation("recovery", rollback.RECOVER)
    yield Target(
        "replay's own memory, 1,000 resources",
        "the program's process",
        "below it",
        _sized("memory", (str(memory.RESOURCES),), memory.RATIO, 1.0),
    )
    yield from _recording()
    yield from _storage()
    for command in (startup.HELP, startup.STATUS):
        yield Target(
            f"`{command}`",
            f"`{startup.ENGINE}`",
            "no slower",
            _sized("startup", (startup.SIZE,), f"{command} / {startup.ENGINE}", 1.0),
        )


def _consumers_moved() -> Target:
    return Target(
        "alarm seen to consumers on the previous version, but for the calls' own time",
        "the replay alone",
        "at most 100 ms at p95",
        tuple(
            Case(f"{size:,}", "traffic", str(size), traffic.SEEN_TO_MOVED, 0.1, judged_by="p95")
            for size in traffic.SIZES
        ),
    )


def _whole_operation(what: str, way: str) -> Iterator[Target]:
    yield Target(
        what,
        rollback.FLOOR,
        "1 changed: at most 1.15 times as long",
        tuple(_at(size, rollback.ONE, f"{way} / {rollback.FLOOR}", 1.15) for size in rollback.SIZES),
    )
    for today, times, otherwise, words in (
        (rollback.WARM, {10: 2.0, 100: 2.5}, 3.0, "2 times faster with 10 resources, 2.5 with 100, 3 from 500"),
        (rollback.FRESH, {}, 10.0, "10 times faster"),
    ):
        yield Target(
            what,
            today,
            words,
            tuple(
                _at(size, share, f"{today} / {way}", times.get(size, otherwise), at_least=True)
                for size in rollback.SIZES
                for share in rollback.shares_of(size)
            ),
        )


def _at(size: int, share: str, way: str, limit: float, *, at_least: bool = False) -> Case:
    return Case(f"{size:,}, {share}", rollback.benchmark_of(size), rollback.name_of(size, share), way, limit, at_least)


def _recording() -> Iterator[Target]:
    size = (str(recording.RESOURCES),)
    what = "recording a version of 1,000 resources, 1 % changed"
    yield Target(
        what, "a copy of the checkpoint", "at most 3 objects written", _sized("recording", size, recording.OBJECTS, 3)
    )
    yield Target(
        what, "a copy of the checkpoint", "at most 150 ms longer", _sized("recording", size, recording.MORE, 0.15)
    )
    yield Target(
        "`track()` in a `pulumi up` of 1,000 resources",
        "the same without it",
        "at most 1.03 times as long",
        _sized("recording", size, recording.TRACKED_SHARE, 1.03),
    )


def _storage() -> Iterator[Target]:
    size = (str(storage.VERSIONS),)
    what = "1,000 versions of 1,000 resources"
    yield Target(
        what, "copies of the checkpoints", "at most 2 % of their bytes", _sized("storage", size, storage.SHARE, 2.0)
    )
    yield Target("opening one of them", "", "under 50 ms", _sized("storage", size, storage.OPEN, 0.05, "maximum"))
    yield Target(
        "`rollback history` of them, process start included",
        "",
        "under 300 ms",
        _sized("storage", size, storage.HISTORY, 0.3),
    )


def _sized(
    benchmark: str, sizes: tuple[str, ...], way: str, limit: float, judged_by: Statistic = "median"
) -> tuple[Case, ...]:
    return tuple(Case("", benchmark, size, way, limit, judged_by=judged_by) for size in sizes)


def _read(row: Mapping[str, Any], statistic: Statistic) -> tuple[float, str]:
    """A row's figure, and how it is shown with the others."""
    if "value" in row:
        return row["value"], f"{row['value']:,g} {row['unit']}"
    figures, scale, unit = (row["times"], 1.0, "times") if "times" in row else (row["wall_seconds"], 1000.0, "ms")
    shown = " / ".join(f"{figures[name] * scale:.{0 if unit == 'ms' else 2}f}" for name in _shown(statistic))
    return figures[statistic], f"{shown} {unit}"


def _shown(statistic: Statistic) -> tuple[Statistic, ...]:
    return ("minimum", "median", "p95", "maximum") if statistic == "p95" else ("minimum", "median", "maximum")

"""Where the time of a `rollback undo` of a hundred resources goes, one of which changed.

The command runs in a process of its own that is told to time its phases (`timed_command`). What is left of what a
person waits for is the system's: beginning the process, and ending it.
"""

import json
import statistics
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.stacks import StackToTime, stack_of
from benchmarks.timed_command import WHERE
from benchmarks.timing import Measured, Row, timed

RESOURCES, REPETITIONS = 100, 9
QUICK_RESOURCES, QUICK_REPETITIONS = 10, 2
SHORTEST_SECONDS = 0.001
"""Phases that are always shorter are left out."""

PLANNED, UNPLANNED = "plan known", "making its plan"
WHOLE = "the whole command"
PROCESS = "the process begins and ends"
ROOT = str(Path(__file__).parent.parent)


def measured(quick: bool = False) -> dict[str, dict[str, Row]]:
    """By whether the plan was made before; the phases in the order of their medians."""
    samples: dict[str, list[Mapping[str, float]]] = {PLANNED: [], UNPLANNED: []}
    with stack_of(QUICK_RESOURCES if quick else RESOURCES) as stack, TemporaryDirectory() as folder:
        for _ in range(QUICK_REPETITIONS if quick else REPETITIONS):
            stack.plan()
            samples[PLANNED].append(_undone(stack, Path(folder) / "phases.json"))
            stack.recover()
            stack.forget_plans()
            samples[UNPLANNED].append(_undone(stack, Path(folder) / "phases.json"))
            stack.recover()
    return {way: _rows(taken) for way, taken in samples.items()}


def _undone(stack: StackToTime, told: Path) -> Mapping[str, float]:
    """Seconds by phase."""
    variables = {WHERE: str(told), "PYTHONPATH": ROOT}
    command = [sys.executable, "-m", "benchmarks.timed_command", "undo", "--to", "1", "--yes"]
    seconds = timed(lambda: stack.run(*command, variables=variables))
    phases: dict[str, float] = json.loads(told.read_text())
    told.unlink()
    return {WHOLE: seconds, **phases, PROCESS: seconds - sum(phases.values())}


def _rows(samples: list[Mapping[str, float]]) -> dict[str, Row]:
    names = {name for sample in samples for name in sample}
    taken = {name: [sample.get(name, 0.0) for sample in samples] for name in names}
    shown = [name for name in taken if max(taken[name]) >= SHORTEST_SECONDS]
    longest_first = sorted(shown, key=lambda name: -statistics.median(taken[name]))
    return {name: Measured.of(taken[name]) for name in longest_first}

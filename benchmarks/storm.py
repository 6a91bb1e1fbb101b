"""A storm of signals over many stacks, with one worker, two, and four; the engine is a double that needs no time.

moto is the queue and CloudWatch, in one process: with several workers it is moto that is measured as much as they are.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.timing import Figures, Measured, processor_seconds
from tests.fleet.storm import gathered_storm

STACKS, SIGNALS = 500, 5_000
WORKERS = (1, 2, 4)
PATIENCE_SECONDS = 1_800


def measured() -> dict[str, dict[str, Measured]]:
    """By number of workers. Raises AssertionError where a stack was not rolled back exactly once."""
    return {f"{workers} worker(s)": _measured(workers) for workers in WORKERS}


def _measured(workers: int) -> dict[str, Measured]:
    with TemporaryDirectory(prefix="rollback-storm-") as folder, gathered_storm(Path(folder), STACKS) as storm:
        before = processor_seconds()
        with storm.workers(workers):
            began = time.monotonic()
            storm.break_loose(SIGNALS)
            storm.wait_until_calm(PATIENCE_SECONDS)
            took_seconds = time.monotonic() - began
        worked_seconds = processor_seconds() - before
        if set(storm.rollbacks().values()) != {1}:
            raise AssertionError("a stack was not rolled back exactly once")
        return {
            f"{SIGNALS} signals dealt with": Measured(1, Figures.of([took_seconds]), Figures.of([worked_seconds])),
            f"alarm to first action, {STACKS} stacks": Measured(STACKS, Figures.of(storm.seconds_to_act()), None),
        }

"""A storm of signals over many stacks, with one worker, two, and four; the engine is a double that needs no time.

The queue is the unit tests', in a process of its own, and CloudWatch is moto's; backend and store are a folder.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.timing import Figures, Measured, processor_seconds
from rollback_plugin.embedded import EmbeddedAws
from tests.fleet.shared_fifo import SharedFifo
from tests.fleet.storm import Storm, gather, stacks_of_storm

STACKS, SIGNALS = 500, 5_000
WORKERS = (1, 2, 4)
QUICK_STACKS, QUICK_SIGNALS, QUICK_WORKERS = 20, 100, (1,)
PATIENCE_SECONDS = 1_800


def measured(quick: bool = False) -> dict[str, dict[str, Measured]]:
    """By number of workers. Raises AssertionError where a stack was not rolled back exactly once."""
    with EmbeddedAws(evaluation_interval_seconds=86_400.0) as aws, TemporaryDirectory() as folder:
        gathered = Storm(Path(folder) / "gathered", aws, stacks_of_storm(QUICK_STACKS if quick else STACKS), "")
        gather(gathered)
        signals = QUICK_SIGNALS if quick else SIGNALS
        return {
            f"{workers} worker(s)": _measured(gathered, workers, signals)
            for workers in (QUICK_WORKERS if quick else WORKERS)
        }


def _measured(gathered: Storm, workers: int, signals: int) -> dict[str, Measured]:
    with _again(gathered, workers) as storm:
        before = processor_seconds()
        with storm.workers(workers):
            began = time.monotonic()
            storm.break_loose(signals)
            storm.wait_until_calm(PATIENCE_SECONDS)
            took_seconds = time.monotonic() - began
        worked_seconds = processor_seconds() - before
        if set(storm.rollbacks().values()) != {1}:
            raise AssertionError("a stack was not rolled back exactly once")
        return {
            f"{signals} signals dealt with": Measured(1, Figures.of([took_seconds]), Figures.of([worked_seconds])),
            f"signal to rollback begun, {len(storm.stacks)} stacks": Measured.of(storm.seconds_to_act()),
        }


@contextmanager
def _again(gathered: Storm, workers: int) -> Iterator[Storm]:
    """The same stacks, in a folder and with a queue of their own."""
    folder = gathered.folder.with_name(f"with-{workers}")
    shutil.copytree(gathered.folder, folder)
    queue = SharedFifo()
    try:
        yield Storm(folder, gathered.aws, gathered.stacks, queue.start())
    finally:
        queue.shutdown()

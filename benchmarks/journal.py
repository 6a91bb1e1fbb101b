"""What a long journal takes: opening it, what an append writes, and commands on it, with compacted facts and without.

The journal of a stack over years (`stories`), in a folder. Each opening is a process of its own that has loaded what it
needs: time passes from there to a status that was asked for the version applied and the way back.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.stacks import StackToTime
from benchmarks.stories import ACTOR, Years
from benchmarks.timing import Counted, Figures, Measured, Row, side_by_side
from rollback_plugin.embedded import EmbeddedAws
from rollback_plugin.journal.compaction import ENTRIES_BETWEEN
from rollback_plugin.journal.journal import Journal
from tests.replay.deployed_stack import DeployedStack
from tests.unit.controller.memory_store import MemoryStore

SIZES = (1_000, 10_000, 100_000)
QUICK_SIZES = (100,)
REPETITIONS = 5
COMMANDS = ("rollback status", "rollback history")
_COMPACTED = "stacks/{}/journal-compacted/"

_OPENING = """
import json, sys, time
from datetime import UTC, datetime
from pathlib import Path
from rollback_plugin.journal.journal import Journal
from rollback_plugin.stack import StackName
from rollback_plugin.store.folder import FolderStore
stack, clock = StackName(*sys.argv[2].split("/")), lambda: datetime.now(UTC)
began, worked = time.monotonic(), time.process_time()
status = Journal(FolderStore(Path(sys.argv[1])), stack, clock, "a reader").status(datetime.fromisoformat(sys.argv[3]))
status.version(status.applied), status.healthy_target()
print(json.dumps([time.monotonic() - began, time.process_time() - worked]))
"""


class _CountingStore(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.created = 0

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data)
        self.created += 1


def measured(quick: bool = False) -> dict[str, dict[str, Row]]:
    """By number of entries."""
    with EmbeddedAws() as aws, TemporaryDirectory(prefix="rollback-benchmark-") as folder:
        stack = DeployedStack(Path(folder), aws)
        stack.pulumi("config", "set", "rollback:store", stack.store.location)
        return {f"{size} entries": _measured(size, stack) for size in (QUICK_SIZES if quick else SIZES)}


def _measured(size: int, stack: DeployedStack) -> dict[str, Row]:
    store, years = _CountingStore(), Years()
    journal = Journal(store, stack.name, lambda: years.now, ACTOR, beside=_at_once)
    # The worst time to open it: right before the next is due.
    for after, event in enumerate(islice(years.events(), size + ENTRIES_BETWEEN - 1)):
        journal.append(event, after=after)
    place = Path(stack.store.location.removeprefix("file://"))
    shutil.rmtree(place, ignore_errors=True)
    for key in store.list():
        # Not by the store, which waits for the disk at each of them.
        (place / key).parent.mkdir(parents=True, exist_ok=True)
        (place / key).write_bytes(store.read(key))
    listing = StackToTime(stack)
    commands = {command: partial(listing.run, *command.split()) for command in COMMANDS}
    rows: dict[str, Row] = {
        "objects created by an append": Counted(round(store.created / (size + ENTRIES_BETWEEN - 1), 4), "objects"),
        "compacted, the newest": Counted(len(store.read(list(store.list(_COMPACTED.format(stack.name)))[-1])), "bytes"),
        "open and fold": _opened(place, stack, years, REPETITIONS),
        **side_by_side(commands, REPETITIONS),
    }
    shutil.rmtree(place / _COMPACTED.format(stack.name))
    return {**rows, "open and fold, from the entries alone": _opened(place, stack, years, 1)}


def _opened(place: Path, stack: DeployedStack, years: Years, repetitions: int) -> Measured:
    command = [sys.executable, "-c", _OPENING, str(place), str(stack.name), years.now.isoformat()]
    taken = [
        json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        for _ in range(repetitions)
    ]
    return Measured(repetitions, Figures.of([wall for wall, _ in taken]), Figures.of([worked for _, worked in taken]))


def _at_once(work: Callable[[], None]) -> None:
    work()

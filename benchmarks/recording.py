"""Recording a version beside a copy of its checkpoint, and `pulumi up` with and without `track()`.

A version of a stack with a hundredth of its resources changed; backend and store are folders.
"""

import shutil
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.stacks import empty_stack, program
from benchmarks.states import queues
from benchmarks.timing import Counted, Measured, Row, compared, side_by_side, timed
from rollback_plugin.backend.history import open_backend
from rollback_plugin.journal.journal import Journal
from rollback_plugin.recording.record import Recorder
from rollback_plugin.stack import StackName
from rollback_plugin.store import FolderStore
from rollback_plugin.versions.archive import VersionArchive
from tests.fleet.storm import write_update

RESOURCES, VERSIONS, UPDATES = 1_000, 20, 30
QUICK_RESOURCES, QUICK_VERSIONS, QUICK_UPDATES = 100, 3, 2
STACK = StackName("shop", "dev")

RECORD, COPY = "record a version", "copy the checkpoint"
MORE = "record a version, more than the copy"
OBJECTS = "objects written for a version, at most"
TRACKED, UNTRACKED = "pulumi up with track()", "pulumi up without it"
TRACKED_SHARE = f"{TRACKED} / {UNTRACKED}"


class CountingStore:
    """A store that counts the objects written to it."""

    def __init__(self, store: FolderStore) -> None:
        self._store = store
        self.written = 0

    @property
    def location(self) -> str:
        return self._store.location

    def read(self, key: str) -> bytes:
        return self._store.read(key)

    def write(self, key: str, data: bytes) -> None:
        self.written += 1
        self._store.write(key, data)

    def create(self, key: str, data: bytes) -> None:
        self.written += 1
        self._store.create(key, data)

    def delete(self, key: str) -> None:
        self._store.delete(key)

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[str]:
        return self._store.list(prefix, after=after)

    def revisions(self, prefix: str) -> Mapping[str, str]:
        return self._store.revisions(prefix)


def measured(quick: bool = False) -> dict[str, dict[str, Row]]:
    """By number of resources."""
    resources = QUICK_RESOURCES if quick else RESOURCES
    rows = _recorded(resources, QUICK_VERSIONS if quick else VERSIONS)
    return {str(resources): {**rows, **_tracked(resources, QUICK_UPDATES if quick else UPDATES)}}


def _recorded(resources: int, versions: int) -> dict[str, Row]:
    recording, copying, objects = [], [], []
    with TemporaryDirectory(prefix="rollback-benchmark-") as name:
        folder = Path(name)
        state, store = folder / "state", CountingStore(FolderStore(folder / "store"))
        backend, archive = open_backend(state.as_uri(), {}), VersionArchive(store, STACK)
        journal = Journal(store, STACK, lambda: datetime.now(UTC), "benchmark")
        began = int(time.time()) - versions
        # The first version is kept whole; a deploy's usual fate is to be kept as what it changed.
        for number in range(versions + 1):
            there = queues(STACK, resources, f"release {number}", resources // 100)
            update = write_update(state, STACK, began + number, "deploy", {}, there)
            checkpoint = next((state / ".pulumi" / "history").rglob(f"{update}.checkpoint.json"))
            before = store.written
            copied = timed(lambda: shutil.copyfile(checkpoint, folder / "copy.json"))  # noqa: B023 - called at once
            recorded = timed(lambda: Recorder(backend, archive, journal, store, None).record())
            if number:
                copying.append(copied)
                recording.append(recorded)
                objects.append(store.written - before)
    more = [one - other for one, other in zip(recording, copying, strict=True)]
    return {
        COPY: Measured.of(copying),
        RECORD: Measured.of(recording),
        MORE: Measured.of(more),
        OBJECTS: Counted(max(objects), "objects"),
    }


def _tracked(resources: int, updates: int) -> dict[str, Row]:
    with empty_stack() as stack:
        release = 0

        def changed(*, tracked: bool) -> None:
            nonlocal release
            release += 1
            stack.write(program(resources, resources // 100, release, tracked=tracked))

        def up() -> None:
            stack.run("pulumi", "up", "--yes", "--skip-preview")

        changed(tracked=True)
        up()
        taken = side_by_side(
            {UNTRACKED: up, TRACKED: up},
            updates,
            before={UNTRACKED: lambda: changed(tracked=False), TRACKED: lambda: changed(tracked=True)},
            there_and_back=True,
        )
    # Each with its neighbour: how fast a machine is changes by more from one minute to the next.
    return {**taken, TRACKED_SHARE: compared(taken[TRACKED], taken[UNTRACKED])}

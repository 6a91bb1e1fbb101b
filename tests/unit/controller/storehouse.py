"""A store with the versions of two stacks, and processes that can be stopped or killed at each of their store calls.

Versions 1 and 2 of shop/dev may be pruned. Version 7 is just being deployed: its program is that of version 1 again, so
what `track()` would keep of it is there already.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rollback_plugin.controller.integrity import integrity_of
from rollback_plugin.controller.prune import Pruner
from rollback_plugin.controller.retention import Retention
from rollback_plugin.journal.journal import Journal
from rollback_plugin.recording.capture import Capture, Captures
from rollback_plugin.replay.known_plans import KnownPlans
from rollback_plugin.stack import StackName
from rollback_plugin.store import ObjectStore
from rollback_plugin.versions.archive import VersionArchive
from rollback_plugin.versions.blobs import BlobStore
from rollback_plugin.versions.version import AssetForm, AssetKept, Source, Version
from tests.unit.controller.memory_store import MemoryStore
from tests.unit.controller.stand import ProcessKilled
from tests.unit.recording.history import STACK, History
from tests.unit.versions.examples import FILE, checkpoint, resource

OTHER = StackName("shop", "other")
HARD = Retention(newest=1, days=0)
"""Nothing stays that needn't."""
FIRST_CODE, SECOND_CODE, LATER_CODE = b"the first code", b"the second code", b"the code of later versions"
CODE = {1: FIRST_CODE, 2: SECOND_CODE, 3: LATER_CODE, 4: LATER_CODE, 5: LATER_CODE, 6: LATER_CODE, 7: FIRST_CODE}
BUNDLE = {number: b"the program around " + code for number, code in CODE.items()}


class Storehouse:
    """The store at one moment; each process works on it through a store of its own."""

    def __init__(self, history: History, store: MemoryStore) -> None:
        self._history = history
        self.store = store
        self.now = history.now
        self.late = False
        """Whether version 7 is recorded so late that it may lack what only pruned versions had, and say so."""

    def record(self, store: ObjectStore) -> None:
        """The rest of deploy 7: what `track()` does while its program runs, and then the recorder."""
        self.keep_code(store)
        self.only_record(store)

    def keep_code(self, store: ObjectStore) -> None:
        """What `track()` does."""
        keep_code(store, 7, self._history.now - timedelta(minutes=6, seconds=50))

    def only_record(self, store: ObjectStore) -> None:
        """What the recorder does."""
        self._history.recorder(store=store).record()

    def prune(self, store: ObjectStore, retention: Retention = HARD) -> tuple[int, ...]:
        pruner = self.pruner(store)
        return pruner.prune(pruner.survey(retention), retention)

    def pruner(self, store: ObjectStore, stack: StackName = STACK) -> Pruner:
        journal = Journal(store, stack, lambda: self.now, "ops@desk:1")
        return Pruner(stack, store, journal, KnownPlans(store, stack, {}), lambda: self.now)

    def must_be_whole(self, seen: str) -> None:
        """Every version that is kept has all its bytes, of either stack."""
        found = integrity_of(Journal(self.store, STACK, lambda: self.now, "looks"), self.archive)
        assert found.problems == (), seen
        for number in self.archive.numbers():
            version, code = self.archive.read(number), hashlib.sha256(CODE[number]).hexdigest()
            found_assets = ([*version.assets], [asset.hash for asset in version.missing_assets])
            assert found_assets in (([code], []), ([], [code]) if self.late else ()), f"version {number}: {seen}"
            has_bundle = version.source is not None and version.source.bundle is not None
            assert has_bundle or self.late, f"version {number}: {seen}"
        other = VersionArchive(self.store, OTHER)
        assert other.blobs.read(*other.read(1).assets) == SECOND_CODE, seen
        other.checkpoint(1)

    @property
    def archive(self) -> VersionArchive:
        return VersionArchive(self.store, STACK)

    def out_of_place(self) -> set[str]:
        """Blobs that a version has, and that lie in the trash alone."""
        archive = self.archive
        needed = {blob for number in archive.numbers() for blob in archive.needed_blobs(number)}
        needed -= {asset.hash for number in archive.numbers() for asset in archive.read(number).missing_assets}
        return {blob for blob in needed if f"blobs/{blob[:2]}/{blob}" not in set(self.store.list())}

    def lasting(self) -> set[str]:
        """Keys of what stays: the journal and the trash depend on who was where."""
        return {key for key in self.store.list() if not key.startswith("trash/") and "/journal/" not in key}


class Base:
    """Makes the same storehouse again and again."""

    def __init__(self, folder: Path) -> None:
        self._history = history = History(folder)
        self._store = MemoryStore()
        for number in range(1, 7):
            began = history.now
            history.update(function(number))
            keep_code(self._store, number, began + timedelta(seconds=5))
            history.recorder(store=self._store).record()
        second = hashlib.sha256(SECOND_CODE).hexdigest()
        state = checkpoint(resource("queue", id="q"))
        version = Version(
            number=1,
            stack=OTHER,
            update="other-1",
            started_at=history.now,
            finished_at=history.now,
            succeeded=True,
            checkpoint_digest=state.digest,
            assets={second: AssetKept(form=AssetForm.FILE)},
        )
        VersionArchive(self._store, OTHER).write(version, state)
        history.update(function(7))
        history.now += timedelta(minutes=5)

    def storehouse(self) -> Storehouse:
        return Storehouse(self._history, self._store.copied())


def function(number: int) -> dict[str, object]:
    code = {**FILE, "hash": hashlib.sha256(CODE[number]).hexdigest()}
    return resource("orders", "aws:lambda/function:Function", id="f", inputs={"code": code, "memory": number})


def keep_code(store: ObjectStore, number: int, began: datetime) -> None:
    """What `track()` leaves when the program of that version begins."""
    blobs = BlobStore(store)
    blobs.keep(CODE[number])
    source = Source(dirty=True, bundle=blobs.keep(BUNDLE[number]))
    capture = Capture(f"id{number}", began, content_digest=f"{number}" * 64, source=source)
    Captures(store, STACK).write(capture)


@dataclass
class Calls:
    """The store as one process has it. Before each call, `before` is told how many there were."""

    inner: ObjectStore
    before: Callable[[int], None] = lambda number: None
    made: int = 0

    @property
    def location(self) -> str:
        return self.inner.location

    def read(self, key: str) -> bytes:
        self._count()
        return self.inner.read(key)

    def write(self, key: str, data: bytes) -> None:
        self._count()
        self.inner.write(key, data)

    def create(self, key: str, data: bytes) -> None:
        self._count()
        self.inner.create(key, data)

    def delete(self, key: str) -> None:
        self._count()
        self.inner.delete(key)

    def list(self, prefix: str = "", *, after: str = "") -> Iterator[str]:
        self._count()
        return self.inner.list(prefix, after=after)

    def revisions(self, prefix: str) -> Mapping[str, str]:
        self._count()
        return self.inner.revisions(prefix)

    def _count(self) -> None:
        self.before(self.made)
        self.made += 1


Process = Callable[[ObjectStore], object]


def killed_at(point: int, process: Process, store: ObjectStore) -> bool:
    """Whether it was killed before its call with that number, and hadn't ended by then."""

    def kill(number: int) -> None:
        if number >= point:
            raise ProcessKilled

    try:
        process(Calls(store, kill))
    except ProcessKilled:
        return True
    return False


def interleaved(first: Process, stops_at: int, second: Process, lets_go_at: int, store: ObjectStore) -> bool:
    """The first up to its call with that number, then the second up to its own, then the rest of the first, then of the
    second. False where the first had ended before."""
    stopped, go = threading.Event(), threading.Event()

    def stop(number: int) -> None:
        if number == stops_at:
            stopped.set()
            assert go.wait(60)

    raised: list[BaseException] = []

    def run() -> None:
        try:
            first(Calls(store, stop))
        except BaseException as error:  # noqa: BLE001 - raised again where the test sees it
            raised.append(error)
        stopped.set()

    thread = threading.Thread(target=run)
    thread.start()
    assert stopped.wait(60)
    was_stopped = thread.is_alive()

    def let_go(number: int) -> None:
        if number == lets_go_at:
            go.set()
            thread.join()

    second(Calls(store, let_go))
    go.set()
    thread.join()
    if raised:
        raise raised[0]
    return was_stopped

"""A process that works on an operation gives a sign of life every few seconds; one that falls silent is gone.

Clocks of two machines are not compared for that: whoever looks counts by its own for how long the last sign stays the
same, as lock clients do that hold a lease in a database (the DynamoDB lock client's record version number,
https://aws.amazon.com/blogs/database/building-distributed-locks-with-the-dynamodb-lock-client/). A sign is no lock:
that only one process has an operation is the journal's doing, and that one engine works on a stack the engine's.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

import msgspec

from rollback_plugin.controller.actor import Actor
from rollback_plugin.errors import ObjectMissing, StoreError
from rollback_plugin.stack import StackName
from rollback_plugin.store import ObjectStore
from rollback_plugin.stored import Misfit, Moment, read

INTERVAL_SECONDS = 15.0
SILENT_AFTER_SECONDS = 60.0
"""So long has a sign to stay the same: several writes may fail or be slow before that."""
ENGINE_OUTLIVES_OWNER = timedelta(minutes=15)
"""How long an engine may go on after its process: it sees that it is alone, ends what it is doing, and unlocks."""


class Sign(msgspec.Struct, frozen=True):
    """What a process said last about an operation of its own."""

    actor: str
    number: int
    """One more with each."""
    time: Moment
    engines: tuple[int, ...] = ()
    """Process ids of the engines it ran, on its own machine."""


@dataclass(frozen=True, slots=True)
class _Seen:
    sign: Sign
    since: float
    """By this machine's monotonic clock, in seconds."""


class SignsOfLife:
    """The signs of those who work on one stack: `stacks/<project>/<stack>/signs/<operation>/<actor>.json`."""

    def __init__(
        self,
        store: ObjectStore,
        stack: StackName,
        actor: Actor,
        clock: Callable[[], datetime],
        ticks: Callable[[], float],
    ) -> None:
        """ticks: seconds by a clock that nobody sets."""
        self._store = store
        self._prefix = f"stacks/{stack.project}/{stack.stack}/signs/"
        self._actor = actor
        self._clock = clock
        self._ticks = ticks
        self._seen: dict[str, _Seen] = {}
        self._given: dict[str, Sign] = {}
        self._writing = threading.Lock()

    def give(self, operation: str) -> None:
        """Give one sign now. Raises the store's errors."""
        self._give(operation)

    @contextmanager
    def given_for(self, operation: str) -> Iterator[None]:
        """Go on giving signs as long as this lasts."""
        stop = threading.Event()
        giver = threading.Thread(target=self._keep_giving, args=(operation, stop), name="signs-of-life", daemon=True)
        giver.start()
        try:
            yield
        finally:
            stop.set()
            giver.join()

    def engine_started(self, operation: str, process_id: int) -> None:
        """Say so at once: should all of this machine be gone in a moment, its lock is known by that. Raises the
        store's errors."""
        self._give(operation, engine=process_id)

    def last(self, operation: str, actor: str) -> Sign | None:
        """What that process said last; None if it never said anything. Raises the store's errors."""
        return self._read(self._key(operation, actor))

    def unchanged_seconds(self, operation: str, sign: Sign) -> float:
        """For how long this process has known no newer one of that process; 0 when it is seen for the first time."""
        key = self._key(operation, sign.actor)
        seen = self._seen.get(key)
        if seen is None or seen.sign != sign:
            seen = _Seen(sign, self._ticks())
            self._seen[key] = seen
        return self._ticks() - seen.since

    def engine_is_gone(self, operation: str, host: str, process_id: int) -> bool:
        """Whether that was an engine for the operation, and its process fell silent so long ago that it has ended, too.

        False for what nobody said to be an engine of the operation. Raises the store's errors.
        """
        for key in self._store.list(f"{self._prefix}{operation}/"):
            sign = self._read(key)
            owner = None if sign is None else Actor.parse(sign.actor)
            if sign is None or owner is None or owner.host != host or process_id not in sign.engines:
                continue
            return self._clock() - sign.time >= ENGINE_OUTLIVES_OWNER
        return False

    def forget_all(self) -> None:
        """Remove the stack's signs, as an operation has ended and there is one at a time.

        Whoever is about to begin the next gives another soon. Raises the store's errors.
        """
        with self._writing:
            self._given.clear()
            self._seen.clear()
            for key in list(self._store.list(self._prefix)):
                self._store.delete(key)

    def take_back(self, operation: str) -> None:
        """Remove this process's own sign, of an operation that it didn't begin after all. Raises the store's errors."""
        with self._writing:
            self._given.pop(operation, None)
            self._store.delete(self._key(operation, str(self._actor)))

    def _keep_giving(self, operation: str, stop: threading.Event) -> None:
        while not stop.wait(INTERVAL_SECONDS):
            try:
                self._give(operation)
            except StoreError:
                # The next may get through. If none does, somebody else takes over, and the journal says so here.
                continue

    def _give(self, operation: str, engine: int | None = None) -> None:
        with self._writing:
            before = self._given.get(operation)
            engines = () if before is None else before.engines
            sign = Sign(
                actor=str(self._actor),
                number=1 if before is None else before.number + 1,
                time=self._clock(),
                engines=engines if engine is None else (*engines, engine),
            )
            self._given[operation] = sign
            self._store.write(self._key(operation, sign.actor), msgspec.json.encode(sign))

    def _read(self, key: str) -> Sign | None:
        try:
            return read(self._store.read(key), Sign)
        except (ObjectMissing, Misfit):
            return None

    def _key(self, operation: str, actor: str) -> str:
        return f"{self._prefix}{operation}/{quote(actor, safe='')}.json"

"""What `track()` leaves in the store for the recorder: an object when the program of an update begins, and one when it
has said everything. Their keys begin with the time at which the program began, so that keys sort by it."""

import contextlib
import itertools
from datetime import UTC, datetime, timedelta

from rollback_plugin.stack import StackName
from rollback_plugin.store.interface import ObjectStore
from rollback_plugin.stored import Misfit, Moment, Stored, plain, read
from rollback_plugin.versions.canonical import canonical_json
from rollback_plugin.versions.links import ProgramLinks
from rollback_plugin.versions.version import Source


class Capture(Stored, frozen=True):
    """What was known of a deploy when its program began. Written at once, so that a crash later loses nothing of it.

    The bytes of assets are not listed here: they lie in the blob store under the hash that the checkpoint names.
    """

    id: str
    started_at: Moment
    content_digest: str
    source: Source


class Captures:
    """The captures of one stack, under `stacks/<project>/<stack>/captures/`."""

    def __init__(self, store: ObjectStore, stack: StackName) -> None:
        self._store = store
        self._prefix = f"stacks/{stack.project}/{stack.stack}/captures/"

    def write(self, capture: Capture) -> None:
        """Keep a capture. Raises `StoreError`s."""
        self._store.create(_key(self._prefix, capture.started_at, capture.id), canonical_json(plain(capture)))

    def newest(self, start: datetime, end: datetime) -> Capture | None:
        """The last capture that began from `start` to `end`. One that can't be read is passed over: what it says is a
        help for the recorder, never a condition."""
        for key in reversed(_keys_between(self._store, self._prefix, start, end)):
            with contextlib.suppress(Misfit):
                return read(self._store.read(key), Capture)
        return None

    def forget(self, until: datetime) -> None:
        """Remove what began until then. Raises `StoreError`s."""
        _forget(self._store, self._prefix, until)


class LinkRecords:
    """What `track()` saw of where values come from, one `ProgramLinks` for each update whose program came to its end,
    under `stacks/<project>/<stack>/links/`."""

    def __init__(self, store: ObjectStore, stack: StackName) -> None:
        self._store = store
        self._prefix = f"stacks/{stack.project}/{stack.stack}/links/"

    def write(self, started_at: datetime, run: str, links: ProgramLinks) -> None:
        """Keep what the run with the id `run` said. Raises `StoreError`s."""
        self._store.create(_key(self._prefix, started_at, run), links.document)

    def newest(self, start: datetime, end: datetime) -> bytes | None:
        """The document of the last run that began from `start` to `end`."""
        keys = _keys_between(self._store, self._prefix, start, end)
        return self._store.read(keys[-1]) if keys else None

    def forget(self, until: datetime) -> None:
        """Remove what began until then. Raises `StoreError`s."""
        _forget(self._store, self._prefix, until)


def _key(prefix: str, started_at: datetime, name: str) -> str:
    return f"{prefix}{started_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}-{name}.json"


def _forget(store: ObjectStore, prefix: str, until: datetime) -> None:
    first_later = _key(prefix, until + timedelta(microseconds=1), "")
    for key in list(itertools.takewhile(lambda key: key < first_later, store.list(prefix))):
        store.delete(key)


def _keys_between(store: ObjectStore, prefix: str, start: datetime, end: datetime) -> list[str]:
    last = _key(prefix, end + timedelta(microseconds=1), "")
    return list(itertools.takewhile(lambda key: key < last, store.list(prefix, after=_key(prefix, start, ""))))

"""Bytes that no version was seen to need, until it is certain that none does: under
`trash/<first two digits>/<sha256>/<time>`, where the time is when they were put there.

Whoever keeps bytes that are there already doesn't write them again, and the version that needs them is written later:
minutes later where `track()` keeps them, and when somebody records the deploy. So what looks unneeded may be needed by
a version to come. It is moved here first, where `BlobStore` finds it, and deleted once it was here for longer than that
takes.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rollback_plugin.errors import ObjectExists, ObjectMissing
from rollback_plugin.store.interface import ObjectStore

KEPT_FOR = timedelta(days=7)
"""The longest that may pass from a deploy to the recording of its version, with the clocks of two machines between
them."""
_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"


@dataclass(frozen=True, slots=True)
class Discarded:
    """Bytes in the trash."""

    key: str
    digest: str
    since: datetime


class Trash:
    """The discarded bytes of all stacks of a store. Every method raises `StoreError`s."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put(self, digest: str, data: bytes, since: datetime) -> None:
        """Keep the bytes here, too."""
        # Another prune may put the same bytes here at the same moment.
        with contextlib.suppress(ObjectExists):
            self._store.create(f"{_folder(digest)}{since.astimezone(UTC).strftime(_TIME)}", data)

    def find(self, digest: str) -> bytes | None:
        """What was put here under that digest; None where nothing is."""
        for key in self._store.list(_folder(digest)):
            # Bytes that were here for long enough may be deleted at this moment, newer ones not.
            with contextlib.suppress(ObjectMissing):
                return self._store.read(key)
        return None

    def holds(self, digest: str) -> bool:
        """Whether anything was put here under that digest, without reading it."""
        return next(iter(self._store.list(_folder(digest))), None) is not None

    def everything(self) -> Iterator[Discarded]:
        """All that is here."""
        for key in self._store.list("trash/"):
            # Nothing of ours where it doesn't fit: an editor's backup, a folder's note.
            with contextlib.suppress(ValueError):
                _, _, digest, time = key.split("/")
                yield Discarded(key, digest, datetime.strptime(time, _TIME).replace(tzinfo=UTC))

    def delete(self, discarded: Discarded) -> None:
        """Delete for good."""
        self._store.delete(discarded.key)


def _folder(digest: str) -> str:
    return f"trash/{digest[:2]}/{digest}/"

"""Bytes kept under their own hash: asset contents, source bundles, whole checkpoints."""

import contextlib
from datetime import datetime

from rollback_plugin.errors import DamagedSnapshot, ObjectExists, ObjectMissing
from rollback_plugin.store.interface import ObjectStore
from rollback_plugin.versions.canonical import sha256_hex
from rollback_plugin.versions.trash import Trash


class BlobStore:
    """Content-addressed bytes of all stacks of a store, under `blobs/<first two digits>/<sha256>`.

    What was moved to the trash is there as well, until it is deleted for good.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._trash = Trash(store)

    def keep(self, data: bytes) -> str:
        """Keep `data`, once; return its sha256. Raises `StoreError`s."""
        digest = sha256_hex(data)
        if not self._in_place(digest):
            # Somebody else may keep the same bytes meanwhile.
            with contextlib.suppress(ObjectExists):
                self._store.create(_key(digest), data)
        return digest

    def has(self, digest: str) -> bool:
        """Whether bytes are kept under `digest`, without reading them."""
        return self._in_place(digest) or self._trash.holds(digest)

    def claim(self, digest: str) -> bool:
        """Whether bytes are kept under `digest`, for a version that is about to need them: what is in the trash is
        brought back."""
        if self._in_place(digest):
            return True
        data = self._trash.find(digest)
        if data is None:
            return False
        with contextlib.suppress(ObjectExists):
            self._store.create(_key(digest), data)
        return True

    def discard(self, digest: str, now: datetime) -> int:
        """Move the bytes to the trash; return how many there were, none where they are not in their place."""
        try:
            data = self._store.read(_key(digest))
        except ObjectMissing:
            return 0
        self._trash.put(digest, data, now)
        self._store.delete(_key(digest))
        return len(data)

    def size(self, digest: str) -> int:
        """How many bytes lie in their place. Reads them."""
        try:
            return len(self._store.read(_key(digest)))
        except ObjectMissing:
            return 0

    def read(self, digest: str) -> bytes:
        """The bytes. Raises `DamagedSnapshot` where they are gone, or are not what was kept."""
        data = self._find(digest)
        if data is None:
            raise DamagedSnapshot(
                f"The bytes with hash {digest} are not in the store {self._store.location} any more (object"
                f" {_key(digest)}). Restore that object from a backup of the store, or choose a version that doesn't"
                " need it."
            )
        found = sha256_hex(data)
        if found != digest:
            raise DamagedSnapshot(
                f"The object {_key(digest)} in the store {self._store.location} has the hash {found} instead of its"
                " own name. Restore it from a backup of the store, or choose a version that doesn't need it."
            )
        return data

    def _find(self, digest: str) -> bytes | None:
        try:
            return self._store.read(_key(digest))
        except ObjectMissing:
            discarded = self._trash.find(digest)
        if discarded is not None:
            return discarded
        # It may have been brought back between the two looks.
        try:
            return self._store.read(_key(digest))
        except ObjectMissing:
            return None

    def _in_place(self, digest: str) -> bool:
        return next(iter(self._store.list(_key(digest))), None) == _key(digest)


def _key(digest: str) -> str:
    return f"blobs/{digest[:2]}/{digest}"

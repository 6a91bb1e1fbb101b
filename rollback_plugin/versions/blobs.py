"""Bytes kept under their own hash: asset contents, source bundles, whole checkpoints."""

import contextlib

from rollback_plugin.errors import DamagedSnapshot, ObjectExists, ObjectMissing
from rollback_plugin.store.interface import ObjectStore
from rollback_plugin.versions.canonical import sha256_hex


class BlobStore:
    """Content-addressed bytes of all stacks of a store, under `blobs/<first two digits>/<sha256>`."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def keep(self, data: bytes) -> str:
        """Keep `data`, once; return its sha256. Raises `StoreError`s."""
        digest = sha256_hex(data)
        if not self.has(digest):
            # Somebody else may keep the same bytes meanwhile.
            with contextlib.suppress(ObjectExists):
                self._store.create(_key(digest), data)
        return digest

    def has(self, digest: str) -> bool:
        """Whether bytes are kept under `digest`, without reading them."""
        return next(iter(self._store.list(_key(digest))), None) == _key(digest)

    def read(self, digest: str) -> bytes:
        """The bytes. Raises `DamagedSnapshot` where they are gone, or are not what was kept."""
        try:
            data = self._store.read(_key(digest))
        except ObjectMissing:
            raise DamagedSnapshot(
                f"The bytes with hash {digest} are not in the store {self._store.location} any more (object"
                f" {_key(digest)}). Restore that object from a backup of the store, or choose a version that doesn't"
                " need it."
            ) from None
        found = sha256_hex(data)
        if found != digest:
            raise DamagedSnapshot(
                f"The object {_key(digest)} in the store {self._store.location} has the hash {found} instead of its"
                " own name. Restore it from a backup of the store, or choose a version that doesn't need it."
            )
        return data


def _key(digest: str) -> str:
    return f"blobs/{digest[:2]}/{digest}"

"""Bytes are kept once and come back as they were, or not at all."""

import hashlib
from pathlib import Path

import pytest

from rollback_plugin.errors import DamagedSnapshot
from rollback_plugin.store.folder import FolderStore
from rollback_plugin.versions.blobs import BlobStore


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


def test_kept_bytes_are_found_by_their_sha256(store: FolderStore) -> None:
    blobs = BlobStore(store)

    digest = blobs.keep(b"some bytes")

    assert digest == hashlib.sha256(b"some bytes").hexdigest()
    assert blobs.has(digest)
    assert blobs.read(digest) == b"some bytes"
    assert list(store.list()) == [f"blobs/{digest[:2]}/{digest}"]


def test_keeping_twice_keeps_once(store: FolderStore) -> None:
    assert BlobStore(store).keep(b"x") == BlobStore(store).keep(b"x")
    assert len(list(store.list())) == 1


def test_bytes_that_were_never_kept_are_refused(store: FolderStore) -> None:
    blobs = BlobStore(store)

    assert not blobs.has("0" * 64)
    with pytest.raises(DamagedSnapshot, match="0" * 64):
        blobs.read("0" * 64)


def test_changed_bytes_are_refused(store: FolderStore) -> None:
    blobs = BlobStore(store)
    digest = blobs.keep(b"right")
    store.write(f"blobs/{digest[:2]}/{digest}", b"wrong")

    with pytest.raises(DamagedSnapshot, match="instead of its own name"):
        blobs.read(digest)

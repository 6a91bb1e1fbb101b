"""Bytes are kept once and come back as they were, or not at all."""

import hashlib
from datetime import UTC, datetime
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


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_discarded_bytes_are_found_in_the_trash(store: FolderStore) -> None:
    blobs = BlobStore(store)
    digest = blobs.keep(b"old")

    assert blobs.discard(digest, NOON) == 3

    assert list(store.list()) == [f"trash/{digest[:2]}/{digest}/2026-03-01T12:00:00.000000Z"]
    assert blobs.has(digest)
    assert blobs.read(digest) == b"old"


def test_discarded_bytes_that_are_claimed_come_back_to_their_place(store: FolderStore) -> None:
    blobs = BlobStore(store)
    digest = blobs.keep(b"old")
    blobs.discard(digest, NOON)

    assert blobs.claim(digest)

    assert f"blobs/{digest[:2]}/{digest}" in set(store.list())
    assert not blobs.claim("0" * 64)


def test_discarded_bytes_that_are_kept_again_are_in_their_place(store: FolderStore) -> None:
    blobs = BlobStore(store)
    digest = blobs.keep(b"old")
    blobs.discard(digest, NOON)

    blobs.keep(b"old")

    assert f"blobs/{digest[:2]}/{digest}" in set(store.list())


def test_damaged_bytes_in_the_trash_are_refused(store: FolderStore) -> None:
    blobs = BlobStore(store)
    digest = blobs.keep(b"right")
    blobs.discard(digest, NOON)
    store.write(f"trash/{digest[:2]}/{digest}/2026-03-01T12:00:00.000000Z", b"wrong")

    with pytest.raises(DamagedSnapshot, match="instead of its own name"):
        blobs.read(digest)

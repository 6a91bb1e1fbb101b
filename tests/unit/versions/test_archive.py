"""Versions come back as they were written, or are refused."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from rollback_plugin.errors import DamagedSnapshot, UnknownVersion, WriteConflict
from rollback_plugin.stack import StackName
from rollback_plugin.store.folder import FolderStore
from rollback_plugin.versions.archive import VERSIONS_PER_KEYFRAME, VersionArchive
from rollback_plugin.versions.canonical import sha256_hex
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.version import AssetForm, AssetKept, AssetMissing, Version
from tests.unit.versions.examples import checkpoint, resource

STACK = StackName("shop", "dev")


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


@pytest.fixture
def archive(store: FolderStore) -> VersionArchive:
    return VersionArchive(store, STACK)


def version(number: int, state: Checkpoint, update: str | None = None) -> Version:
    time = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    return Version(
        number=number,
        stack=STACK,
        update=update or f"dev-{number}",
        started_at=time,
        finished_at=time,
        succeeded=True,
        checkpoint_digest=state.digest,
    )


def state(number: int, *, resources: int = 30) -> Checkpoint:
    """States that differ in one resource and in the order of two."""
    named = [resource(f"r{index}", id=sha256_hex(b"%d" % index)) for index in range(resources)]
    named[0]["inputs"] = {"size": number}
    return checkpoint(*(reversed(named) if number % 2 else named))


def other(number: int) -> Checkpoint:
    """States that have nothing in common."""
    return checkpoint(*(resource(f"r{index}", id=sha256_hex(b"%d %d" % (number, index))) for index in range(30)))


def objects_read(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    keys: list[str] = []
    read = store.read

    def noting(key: str) -> bytes:
        keys.append(key)
        return read(key)

    monkeypatch.setattr(store, "read", noting)
    return keys


def test_versions_and_their_checkpoints_come_back_through_many_keyframes(archive: VersionArchive) -> None:
    numbers = range(1, 2 * VERSIONS_PER_KEYFRAME + 4)
    digests = {number: archive.write(version(number, state(number)), state(number)) for number in numbers}

    for number in numbers:
        assert archive.read(number, digests[number]) == version(number, state(number))
        assert archive.checkpoint(number).lines == state(number).lines
    assert archive.numbers() == tuple(numbers)


def test_most_checkpoints_are_kept_as_what_changed(archive: VersionArchive, store: FolderStore) -> None:
    for number in range(1, 6):
        archive.write(version(number, state(2 * number)), state(2 * number))

    sizes = sorted(len(store.read(key)) for key in store.list("blobs/"))

    assert sizes[-1] > 4 * sizes[-2]


def test_any_checkpoint_is_three_objects_away(
    archive: VersionArchive, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 5):
        archive.write(version(number, state(2 * number)), state(2 * number))
    read = objects_read(store, monkeypatch)

    archive.checkpoint(4)

    assert len(read) == 3


@pytest.mark.parametrize(("versions", "bound"), [(state, 2), (other, 5)], ids=["alike", "nothing in common"])
def test_differences_take_no_more_than_their_keyframe(
    archive: VersionArchive, store: FolderStore, versions: Callable[[int], Checkpoint], bound: int
) -> None:
    for number in range(1, 6):
        archive.write(version(number, versions(number)), versions(number))

    sizes = sorted(len(store.read(key)) for key in store.list("blobs/"))

    assert sum(sizes) <= bound * sizes[-1]


def test_writing_the_same_update_again_changes_nothing(archive: VersionArchive, store: FolderStore) -> None:
    first = archive.write(version(1, state(1)), state(1))
    before = {key: store.read(key) for key in store.list()}

    again = archive.write(replace(version(1, state(1)), message="came second"), state(1))

    assert again == first
    assert {key: store.read(key) for key in store.list()} == before


def test_a_number_belongs_to_one_update(archive: VersionArchive) -> None:
    archive.write(version(1, state(1)), state(1))

    with pytest.raises(WriteConflict):
        archive.write(version(1, state(2), update="another"), state(2))


def test_a_checkpoint_that_is_not_the_versions_is_not_kept(archive: VersionArchive, store: FolderStore) -> None:
    with pytest.raises(DamagedSnapshot):
        archive.write(version(1, state(1)), state(2))

    assert list(store.list()) == []


def test_an_unknown_version_is_answered_with_those_there_are(archive: VersionArchive) -> None:
    with pytest.raises(UnknownVersion, match="rollback record"):
        archive.read(1)
    archive.write(version(1, state(1)), state(1))
    with pytest.raises(UnknownVersion, match="no version 7; it has 1"):
        archive.checkpoint(7)


def test_a_changed_object_is_noticed(archive: VersionArchive, store: FolderStore) -> None:
    digest = archive.write(version(1, state(1)), state(1))
    key = "stacks/shop/dev/versions/00000001.json"
    document = json.loads(store.read(key))
    document["version"]["succeeded"] = False
    store.write(key, json.dumps(document).encode())

    with pytest.raises(DamagedSnapshot, match=key):
        archive.read(1, digest)


@pytest.mark.parametrize("damage", [b"", b"{}", b"not json"])
def test_an_unreadable_object_is_refused(archive: VersionArchive, store: FolderStore, damage: bytes) -> None:
    archive.write(version(1, state(1)), state(1))
    store.write("stacks/shop/dev/versions/00000001.json", damage)

    with pytest.raises(DamagedSnapshot, match="can't be read"):
        archive.read(1)


def test_every_byte_a_checkpoint_is_built_from_is_verified(archive: VersionArchive, store: FolderStore) -> None:
    for number in (1, 2):
        archive.write(version(number, state(2 * number)), state(2 * number))
    for key in list(store.list("blobs/")):
        kept = store.read(key)
        store.write(key, kept + b" ")
        with pytest.raises(DamagedSnapshot, match=key):
            archive.checkpoint(2)
        store.write(key, kept)
    assert archive.checkpoint(2).digest == state(4).digest


def test_lost_bytes_are_named(archive: VersionArchive, store: FolderStore) -> None:
    archive.write(version(1, state(1)), state(1))
    (key,) = store.list("blobs/")
    store.delete(key)

    with pytest.raises(DamagedSnapshot, match=key):
        archive.checkpoint(1)


def test_a_damaged_predecessor_does_not_keep_a_version_from_being_written(
    archive: VersionArchive, store: FolderStore
) -> None:
    archive.write(version(1, state(2)), state(2))
    for key in list(store.list("blobs/")):
        store.delete(key)

    archive.write(version(2, state(4)), state(4))

    assert archive.checkpoint(2).digest == state(4).digest


def test_a_version_needs_its_snapshot_its_keyframe_and_the_assets_it_names_kept_or_not(
    archive: VersionArchive, store: FolderStore
) -> None:
    for number in (1, 2):
        archive.write(version(number, state(number)), state(number))
    lacking = AssetMissing(urn="u", property="code", hash="b" * 64, path="app.zip", why="nobody kept them")
    kept = {"a" * 64: AssetKept(form=AssetForm.FILE)}
    third = replace(version(3, state(3)), assets=kept, missing_assets=(lacking,), links="c" * 64)
    archive.write(third, state(3))

    keyframe = archive.needed_blobs(1)
    needed = archive.needed_blobs(3)

    assert len(keyframe) == 1
    assert keyframe < needed
    assert {"a" * 64, "b" * 64, "c" * 64} < needed
    assert len(needed) == 5

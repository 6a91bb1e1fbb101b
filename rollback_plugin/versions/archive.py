"""Where versions are kept: one object each, and one for its checkpoint.

A checkpoint is kept as a zstandard frame of lines (`zstd -dc` shows them): whole, as a *keyframe*, or as what differs
from the latest keyframe (the module `delta` says how). So to open any version is to read two of them at most. The next
keyframe is due when the differences to the last one have come to take as much as it did, which keeps the sum small
however much or little each update changes.
"""

from contextlib import suppress

import zstandard

from rollback_plugin.errors import DamagedSnapshot, ObjectExists, ObjectMissing, UnknownVersion, WriteConflict
from rollback_plugin.stack import StackName
from rollback_plugin.store.interface import ObjectStore
from rollback_plugin.stored import Misfit, Stored, plain, read
from rollback_plugin.versions.blobs import BlobStore
from rollback_plugin.versions.canonical import canonical_json, sha256_hex
from rollback_plugin.versions.checkpoint import Checkpoint, digest_of
from rollback_plugin.versions.delta import Delta, apply, difference, from_text, to_text
from rollback_plugin.versions.links import ProgramLinks
from rollback_plugin.versions.version import Version

VERSIONS_PER_KEYFRAME = 64
"""At most: bounds what one damaged object can take along."""
COMPRESSION_LEVEL = 3


class _Snapshot(Stored, frozen=True, kw_only=True):
    """How a version's checkpoint is kept."""

    blob: str
    """The lines of the checkpoint, or of what differs from the keyframe."""
    keyframe: str | None = None
    """Blob of the keyframe; None for one itself."""
    number: int = 1
    """Of the versions with this keyframe."""
    spare_bytes: int
    """What more versions with this keyframe may take."""


class _Stored(Stored, frozen=True):
    version: Version
    snapshot: _Snapshot


class VersionArchive:
    """The versions of one stack, under `stacks/<project>/<stack>/versions/`."""

    def __init__(self, store: ObjectStore, stack: StackName) -> None:
        self._store = store
        self.stack = stack
        self.blobs = BlobStore(store)

    def write(self, version: Version, checkpoint: Checkpoint) -> str:
        """Keep a version; return the sha256 of its object.

        Of two writers of the same number exactly one wins. Where the number is taken by the same update, the digest
        of what is there is returned, so that a recorder that comes second, or again after a crash, goes on with it.
        Raises `WriteConflict` where another update has the number, `DamagedSnapshot` where `checkpoint` isn't the
        version's.
        """
        if checkpoint.digest != version.checkpoint_digest:
            raise DamagedSnapshot(
                f"Version {version.number} of {self.stack} names the checkpoint {version.checkpoint_digest}, but was"
                f" given {checkpoint.digest}. Nothing was kept; read the update from the backend again."
            )
        stored = _Stored(version=version, snapshot=self._keep(version.number, checkpoint.lines))
        data = canonical_json(plain(stored))
        try:
            self._store.create(self._key(version.number), data)
        except ObjectExists:
            present = self._store.read(self._key(version.number))
            if self._parse(version.number, present).version.update != version.update:
                raise WriteConflict(
                    f"Version {version.number} of {self.stack} is already another update's. Somebody recorded at the"
                    " same time: run `rollback record` again."
                ) from None
            return sha256_hex(present)
        return sha256_hex(data)

    def read(self, number: int, digest: str | None = None) -> Version:
        """The version. Raises `UnknownVersion`; `DamagedSnapshot`, too where its object's sha256 isn't the given
        `digest`."""
        return self._read(number, digest).version

    def checkpoint(self, number: int) -> Checkpoint:
        """The state that version left behind. Raises `UnknownVersion`, `DamagedSnapshot`."""
        stored = self._read(number)
        lines = self._lines(stored.snapshot)
        found = digest_of(lines)
        if found != stored.version.checkpoint_digest:
            raise DamagedSnapshot(
                f"Version {number} of {self.stack} leads to the checkpoint {found} instead of"
                f" {stored.version.checkpoint_digest}. Restore {self._key(number)} from a backup of the store, or"
                " choose another version."
            )
        return Checkpoint.from_lines(lines, source=f"version {number} of {self.stack}")

    def links(self, version: Version) -> ProgramLinks:
        """Where that version's values came from; nothing where nobody saw it. Raises `DamagedSnapshot`."""
        return ProgramLinks() if version.links is None else ProgramLinks.parse(self.blobs.read(version.links))

    def needed_blobs(self, number: int) -> frozenset[str]:
        """Every blob that re-applying that version may need. Raises `UnknownVersion`, `DamagedSnapshot`."""
        stored = self._read(number)
        snapshot = {stored.snapshot.blob, *((stored.snapshot.keyframe,) if stored.snapshot.keyframe else ())}
        # Bytes that nobody had when it was recorded may have been kept for another version since, and serve it too.
        missing = {asset.hash for asset in stored.version.missing_assets if asset.hash}
        return frozenset(snapshot | missing | set(stored.version.blobs))

    def size(self, number: int) -> int:
        """Bytes of the version's object, without its blobs; none where there is no such version."""
        try:
            return len(self._store.read(self._key(number)))
        except ObjectMissing:
            return 0

    def remove(self, number: int) -> None:
        """Delete the version's object; its blobs stay. Raises `StoreError`s."""
        self._store.delete(self._key(number))

    def numbers(self) -> tuple[int, ...]:
        """Every version that is kept, in order."""
        prefix = self._prefix
        return tuple(int(key.removeprefix(prefix).removesuffix(".json")) for key in self._store.list(prefix))

    def _keep(self, number: int, lines: tuple[bytes, ...]) -> _Snapshot:
        # Where there is nothing sound to build on, the whole checkpoint doesn't need it.
        with suppress(UnknownVersion, DamagedSnapshot):
            before = self._read(number - 1).snapshot
            keyframe = before.keyframe or before.blob
            data = _packed(difference(self._unpacked(keyframe, ()), lines))
            if before.number < VERSIONS_PER_KEYFRAME and len(data) <= before.spare_bytes:
                return _Snapshot(
                    blob=self.blobs.keep(data),
                    keyframe=keyframe,
                    number=before.number + 1,
                    spare_bytes=before.spare_bytes - len(data),
                )
        data = _packed(difference((), lines))
        return _Snapshot(blob=self.blobs.keep(data), spare_bytes=len(data))

    def _lines(self, snapshot: _Snapshot) -> tuple[bytes, ...]:
        return self._unpacked(snapshot.blob, () if snapshot.keyframe is None else self._unpacked(snapshot.keyframe, ()))

    def _unpacked(self, blob: str, before: tuple[bytes, ...]) -> tuple[bytes, ...]:
        try:
            text = zstandard.ZstdDecompressor().decompress(self.blobs.read(blob))
        except zstandard.ZstdError:
            raise DamagedSnapshot(
                f"The snapshot kept as {blob} can't be unpacked: a newer rollback-plugin wrote it. Use that version."
            ) from None
        return apply(before, from_text(text))

    def _read(self, number: int, digest: str | None = None) -> _Stored:
        try:
            data = self._store.read(self._key(number))
        except ObjectMissing:
            there = self.numbers()
            known = (
                f"it has {', '.join(str(known) for known in there)}"
                if there
                else "it has none yet: run `rollback record`"
            )
            raise UnknownVersion(f"{self.stack} has no version {number}; {known}.") from None
        if digest is not None and sha256_hex(data) != digest:
            raise DamagedSnapshot(
                f"The object of version {number} of {self.stack} ({self._key(number)} in {self._store.location}) is"
                " not the one the journal speaks of: it was changed or damaged. Restore it from a backup of the"
                " store, or choose another version."
            )
        return self._parse(number, data)

    def _parse(self, number: int, data: bytes) -> _Stored:
        try:
            return read(data, _Stored)
        except Misfit:
            raise DamagedSnapshot(
                f"The object of version {number} of {self.stack} ({self._key(number)} in {self._store.location}) can't"
                " be read: it is damaged, or a newer rollback-plugin wrote it. Use that version, or choose another"
                " version of the stack."
            ) from None

    @property
    def _prefix(self) -> str:
        return f"stacks/{self.stack.project}/{self.stack.stack}/versions/"

    def _key(self, number: int) -> str:
        return f"{self._prefix}{number:08}.json"


def _packed(delta: Delta) -> bytes:
    return zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(to_text(delta))

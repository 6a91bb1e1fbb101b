"""Where versions are kept: one object each, and their checkpoints as keyframes and deltas."""

from pydantic import BaseModel, ConfigDict, ValidationError

from rollback_plugin.errors import DamagedSnapshot, ObjectExists, ObjectMissing, UnknownVersion, WriteConflict
from rollback_plugin.stack import StackName
from rollback_plugin.store.interface import ObjectStore
from rollback_plugin.versions.blobs import BlobStore
from rollback_plugin.versions.canonical import canonical_json, sha256_hex
from rollback_plugin.versions.checkpoint import Checkpoint
from rollback_plugin.versions.delta import Delta, apply, difference
from rollback_plugin.versions.links import ProgramLinks
from rollback_plugin.versions.version import Version

LONGEST_CHAIN = 16
"""Deltas to go through at most before a whole checkpoint: bounds the time to read one, and what one damaged object
can take along."""


class _Snapshot(BaseModel):
    """How a version's checkpoint is kept: whole, or as a delta to the version before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    blob: str
    """A whole checkpoint, or a `Delta`."""
    base: int | None = None
    """The version the delta starts from; None for a whole checkpoint."""
    chain: int = 0
    """Deltas between this and a whole checkpoint."""


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

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
        stored = _Stored(version=version, snapshot=self._keep(version.number, checkpoint))
        data = canonical_json(stored.model_dump(mode="json"))
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
        checkpoint = self._checkpoint(stored.snapshot, number)
        if checkpoint.digest != stored.version.checkpoint_digest:
            raise DamagedSnapshot(
                f"Version {number} of {self.stack} leads to the checkpoint {checkpoint.digest} instead of"
                f" {stored.version.checkpoint_digest}. Restore {self._key(number)} from a backup of the store, or"
                " choose another version."
            )
        return checkpoint

    def links(self, version: Version) -> ProgramLinks:
        """Where that version's values came from; nothing where nobody saw it. Raises `DamagedSnapshot`."""
        return ProgramLinks() if version.links is None else ProgramLinks.parse(self.blobs.read(version.links))

    def numbers(self) -> tuple[int, ...]:
        """Every version that is kept, in order."""
        prefix = self._prefix
        return tuple(int(key.removeprefix(prefix).removesuffix(".json")) for key in self._store.list(prefix))

    def _keep(self, number: int, checkpoint: Checkpoint) -> _Snapshot:
        base = number - 1
        try:
            before = self._read(base).snapshot if base else None
            if before is not None and before.chain < LONGEST_CHAIN:
                delta = difference(self.checkpoint(base), checkpoint)
                data = canonical_json(delta.model_dump(mode="json"))
                if len(data) < len(checkpoint.canonical) // 2:
                    return _Snapshot(blob=self.blobs.keep(data), base=base, chain=before.chain + 1)
        except (UnknownVersion, DamagedSnapshot):
            pass  # Nothing sound to build on: the whole checkpoint doesn't need it.
        return _Snapshot(blob=self.blobs.keep(checkpoint.canonical))

    def _checkpoint(self, snapshot: _Snapshot, number: int) -> Checkpoint:
        source = f"version {number} of {self.stack}"
        if snapshot.base is None:
            return Checkpoint.parse(self.blobs.read(snapshot.blob), source=source)
        if snapshot.base >= number:
            raise DamagedSnapshot(
                f"The snapshot of {source} is based on version {snapshot.base}, which came later. Choose another."
            )
        before = self._checkpoint(self._read(snapshot.base).snapshot, snapshot.base)
        try:
            delta = Delta.model_validate_json(self.blobs.read(snapshot.blob))
        except ValidationError:
            raise DamagedSnapshot(
                f"The delta kept for {source} can't be read: a newer rollback-plugin wrote it. Use that version."
            ) from None
        return apply(before, delta)

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
            return _Stored.model_validate_json(data)
        except ValidationError:
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

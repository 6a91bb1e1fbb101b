"""Updates that were killed: no history tells of them, only a state that is in the middle of something.

The engine writes an update's history when it ends, be it with failure or because somebody cancelled it (`apply`,
pkg/backend/diy/backend.go). Killed before, it leaves the stack's lock, and in the state what it was doing
(`pending_operations`). Once somebody has removed the lock (`pulumi cancel`), such a state is an update that failed
half-way.

A state without pending operations isn't taken for one: killed between two steps an update can't be told from somebody
who edits the state, and who is not to be rolled back for it.
"""

from datetime import UTC, datetime

from msgspec import Struct

from rollback_plugin.backend.history import Backend
from rollback_plugin.backend.updates import Update
from rollback_plugin.journal.facts import Facts
from rollback_plugin.recording.comparable import comparable
from rollback_plugin.stack import StackName
from rollback_plugin.stored import Misfit, Moment, fitted
from rollback_plugin.versions.canonical import canonical_json, sha256_hex
from rollback_plugin.versions.checkpoint import Checkpoint

DIGEST_CHARACTERS = 12
MESSAGE = "interrupted: killed before it could write its history"


class _Manifest(Struct, frozen=True):
    time: Moment


class InterruptedUpdates:
    """Looks at one stack's state, and reads it again only when it has changed."""

    def __init__(self, backend: Backend, stack: StackName) -> None:
        self._backend = backend
        self._stack = stack
        self._seen = ""
        """The revision that was looked at last, with nobody holding the stack."""

    def find(self, newest: Update | None, facts: Facts) -> tuple[Update, Checkpoint] | None:
        """The update that was killed last, if nothing came after it; and the state it left.

        What an operation of ours left half-way is none: whoever carries on with it settles that. Its times are when the
        state was last written; its config, which nobody knows, is taken to be the `newest` update's. Raises
        `StoreError`s and `UnsupportedBackend`; `DamagedSnapshot` for a state that can't be read.
        """
        revision = self._backend.state_revision(self._stack)
        if revision in ("", self._seen) or _is_ours(facts):
            return None
        state = self._backend.current(self._stack)
        # In this order: whatever ran while the state was read holds the stack still, or has written it since.
        if self._backend.locks(self._stack) or self._backend.state_revision(self._stack) != revision:
            return None
        self._seen = revision
        checkpoint = Checkpoint.parse(state, source=f"the backend's state of {self._stack}")
        pending = _pending(checkpoint)
        if pending is None or pending == self._pending_after(newest):
            return None
        written_at = _written_at(checkpoint, newest)
        update = Update(
            name=f"{self._stack.stack}-interrupted-{pending[:DIGEST_CHARACTERS]}",
            kind="update",
            succeeded=False,
            started_at=written_at,
            finished_at=written_at,
            message=MESSAGE,
            environment={},
            config=newest.config if newest else {},
            resource_changes={},
        )
        return update, checkpoint

    def _pending_after(self, newest: Update | None) -> str | None:
        if newest is None:
            return None
        state = self._backend.checkpoint(self._stack, newest)
        return _pending(Checkpoint.parse(state, source=f"update {newest.name} of {self._stack}"))


def _is_ours(facts: Facts) -> bool:
    return facts.operation is not None or facts.last_failure is not None


def _pending(checkpoint: Checkpoint) -> str | None:
    """A digest of the pending operations, None where there are none."""
    operations = sorted(canonical_json(comparable(operation)) for operation in checkpoint.pending_operations)
    return sha256_hex(b"".join(operations)) if operations else None


def _written_at(checkpoint: Checkpoint, newest: Update | None) -> datetime:
    """When the engine wrote the state, in whole seconds as a history has them (`manifest.time`, which every snapshot
    gets anew: pkg/backend/snapshot.go)."""
    manifest = checkpoint.deployment.get("manifest")
    try:
        written = fitted(manifest, _Manifest).time
    except Misfit:
        written = newest.finished_at if newest else datetime.min.replace(tzinfo=UTC)
    return written.replace(microsecond=0)

"""What the controller needs of the rooms below, so that its rules can be tested without an engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Literal, Protocol

from rollback_plugin.journal.options import OperationOptions
from rollback_plugin.stack import StackName

if TYPE_CHECKING:
    from rollback_plugin.backend.locks import Lock
    from rollback_plugin.backend.updates import Update
    from rollback_plugin.recording.record import RecordResult
    from rollback_plugin.replay.events import EngineEvent
    from rollback_plugin.replay.plan import Plan


class Replayer(Protocol):
    """Re-applies versions through the engine."""

    def plan(self, target: int, options: OperationOptions) -> Plan:
        """What applying the version would do. Touches nothing."""
        ...

    def begun(
        self, target: int, operation: str, kind: Literal["rollback", "recovery"], options: OperationOptions
    ) -> AbstractContextManager[None]:
        """Where it is known already what to do, let the engine begin the update that `apply` carries on with.

        Nothing is touched before that but the stack's lock; an update that wasn't carried on with ends with the block.
        Raises `NotReplayable` and `DamagedSnapshot`.
        """
        ...

    def has_begun(self, operation: str) -> bool:
        """Whether the engine is at work already on the update of that operation, and takes the stack's lock itself."""
        ...

    def apply(
        self,
        target: int,
        operation: str,
        kind: Literal["rollback", "recovery"],
        options: OperationOptions,
        on_event: Callable[[EngineEvent], None],
        after: str | None,
    ) -> str:
        """Make the stack agree with the version; the backend's name of the update that did.

        `after` is the update that was the stack's newest when this was decided on: once another has ended, that fails,
        and nothing is touched. None where it doesn't matter.
        Raises `NotReplayable` and `DamagedSnapshot` before anything is touched, `EngineLocked`, `EngineFailed`,
        `WrongPassphrase`.
        """
        ...


class VersionRecorder(Protocol):
    """Seals the updates that nobody recorded yet."""

    def record(self) -> RecordResult: ...


class EngineBackend(Protocol):
    """What Pulumi itself keeps of a stack."""

    def updates(self, stack: StackName) -> Sequence[Update]: ...

    def current(self, stack: StackName) -> bytes: ...

    def locks(self, stack: StackName) -> Sequence[Lock]: ...

    def break_lock(self, stack: StackName, lock: Lock) -> None: ...

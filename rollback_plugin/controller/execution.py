"""Carries an operation out, from wherever it stands: journaled step by step, so that another process can go on.

A rollback is: `rollback_started` (whoever writes it owns it), consumers moved where that is safe, the engine,
`rolled_back`. A recovery is the same without the early move: what the newer version needs may have to be made first.
Nothing between two entries depends on memory, and every step can be done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import stamina

from rollback_plugin.controller.consumers import Consumers
from rollback_plugin.controller.engine_lock import EngineLock
from rollback_plugin.controller.integrity import require_as_journaled
from rollback_plugin.controller.ownership import Ownership
from rollback_plugin.controller.ports import EngineBackend, Replayer, VersionRecorder
from rollback_plugin.controller.progress import EngineProgress, OperationFinished, Progress
from rollback_plugin.errors import (
    DamagedSnapshot,
    EngineError,
    EngineFailed,
    EngineLocked,
    NotReplayable,
    StoreError,
    WriteConflict,
)
from rollback_plugin.journal.entries import (
    Deployed,
    Event,
    Held,
    OperationFailed,
    ReasonCode,
    Recovered,
    RecoveryStarted,
    RollbackStarted,
    RolledBack,
)
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.status import Operation
from rollback_plugin.replay.events import EngineStarted
from rollback_plugin.stack import StackName
from rollback_plugin.versions.archive import VersionArchive

if TYPE_CHECKING:
    from rollback_plugin.replay.events import EngineEvent

ENGINE_ATTEMPTS = 3
"""How often an engine that fails is run, unless a person is there to see why: after a failure half-way, running it
again finishes, and so it does where the last throes of a killed engine came in between."""


@dataclass(frozen=True, slots=True)
class OperationResult:
    """An operation that reached its target."""

    operation: str
    kind: Literal["rollback", "recovery"]
    undoes: int | None
    target: int
    update: str
    """The backend's name of the update that did it."""
    keeping: int | None = None
    """Of a recovery, the version deployed since the rollback whose changes were kept."""


@dataclass(frozen=True)
class Execution:
    """Everything that works on one operation of one stack."""

    stack: StackName
    journal: Journal
    archive: VersionArchive
    backend: EngineBackend
    recorder: VersionRecorder
    replay: Replayer
    consumers: Consumers
    ownership: Ownership
    lock: EngineLock
    on_progress: Callable[[Progress], None]

    def carry_on(self, operation: Operation, engine_attempts: int = ENGINE_ATTEMPTS) -> OperationResult:
        """Do what is left of an operation that this process owns.

        Raises `NotReplayable`, `DamagedSnapshot` and `EngineError`s that end it; `EngineLocked` and the errors of store
        and cloud leave it to be carried on with; `WriteConflict` when others deployed or took it over meanwhile.
        """
        with self.ownership.signs.given_for(operation.id):
            return self._carry_on(operation, engine_attempts)

    def _carry_on(self, operation: Operation, engine_attempts: int) -> OperationResult:
        try:
            if operation.kind == "rollback":
                self.consumers.move_back(operation)
            update = self._replay(operation, engine_attempts)
            self.consumers.follow_engine(operation.id)
            # Somebody may have deployed as soon as the engine had let go of the stack: then that is what runs.
            self._end(operation, _ended(operation, update), lambda: self._stop_if_followed(operation, update))
        except (NotReplayable, DamagedSnapshot) as error:
            self._give_up(operation, error, ReasonCode.PLAN_REFUSED)
            raise
        except EngineLocked:
            # Still wanted: whoever looks next goes on, once the lock is free.
            raise
        except EngineError as error:
            self._give_up(operation, error, ReasonCode.OPERATION_FAILED)
            raise
        except _Overtaken as overtaken:
            self.consumers.follow_engine(operation.id)
            self._end(operation, OperationFailed(operation=operation.id, error=str(overtaken)))
            raise WriteConflict(f"{overtaken} Look at the stack's status and decide again.") from None
        self.on_progress(OperationFinished(operation.id, operation.kind, operation.target, update))
        return OperationResult(
            operation.id, operation.kind, operation.undoes, operation.target, update, _kept(operation)
        )

    def _replay(self, operation: Operation, attempts: int) -> str:
        for attempt in stamina.retry_context(on=EngineFailed, attempts=attempts, timeout=None, wait_initial=1.0):
            with attempt:
                return self.lock.wait_for(operation, lambda: self._run_engine(operation), self.replay.has_begun)
        raise AssertionError("a retried call either returns or raises")

    def _run_engine(self, operation: Operation) -> str:
        # Before what they left is recorded: of an update that ends from here on, the engine is stopped by its name.
        newest = next((update.name for update in reversed(self.backend.updates(self.stack))), None)
        self._stop_if_overtaken(operation)
        self.ownership.require(operation)
        finished = [u for u in self.backend.updates(self.stack) if u.operation == operation.id and u.succeeded]
        if finished:
            # The process that ran it ended before it could say so.
            return finished[-1].name
        require_as_journaled(self.archive, self.journal, operation.target)

        def tell(event: EngineEvent) -> None:
            if isinstance(event, EngineStarted):
                self._note_engine(operation, event.process_id)
            self.on_progress(EngineProgress(event))

        return self.replay.apply(operation.target, operation.id, operation.kind, operation.options, tell, newest)

    def _note_engine(self, operation: Operation, process_id: int) -> None:
        try:
            self.ownership.signs.engine_started(operation.id, process_id)
        except StoreError:
            # The engine runs already. Should this machine die now, a person has to remove its lock; no more than that.
            return

    def _stop_if_overtaken(self, operation: Operation) -> None:
        self.recorder.record()
        for deployed in self._deployed_since_start(operation):
            raise _Overtaken(
                f"The {operation.kind} to version {operation.target} was given up: version {deployed.version} was "
                "deployed meanwhile."
            )

    def _stop_if_followed(self, operation: Operation, update: str) -> None:
        self.recorder.record()
        names = [known.name for known in self.backend.updates(self.stack)]
        later = names[names.index(update) + 1 :]
        for deployed in self._deployed_since_start(operation):
            if deployed.update in later:
                raise _Overtaken(
                    f"The {operation.kind} to version {operation.target} was done, but version {deployed.version} "
                    "was deployed before that was written down."
                )

    def _deployed_since_start(self, operation: Operation) -> Sequence[Deployed]:
        """Oldest first."""
        found: list[Deployed] = []
        for entry in self.journal.newest_first():
            event = entry.event
            if isinstance(event, Deployed):
                found.append(event)
            elif isinstance(event, RollbackStarted | RecoveryStarted) and event.operation == operation.id:
                break
        return found[::-1]

    def _give_up(self, operation: Operation, error: Exception, reason: ReasonCode) -> None:
        if operation.reason is not ReasonCode.REQUESTED:
            # First, so that a crash in between can't lead to the same attempt again and again.
            concerned = operation.target if operation.undoes is None else operation.undoes
            self.ownership.append(operation, Held(version=concerned, reason=reason, explanation=str(error)))
        self._end(operation, OperationFailed(operation=operation.id, error=str(error)))

    def _end(self, operation: Operation, event: Event, still_holds: Callable[[], None] = lambda: None) -> None:
        self.ownership.append(operation, event, still_holds)
        try:
            self.ownership.signs.forget_all()
        except StoreError:
            # The operation has ended, and that counts; nobody looks at signs of one that has.
            return


class _Overtaken(Exception):
    """Somebody deployed while the operation was under way."""


def _ended(operation: Operation, update: str) -> RolledBack | Recovered:
    if operation.undoes is None:
        return Recovered(operation=operation.id, target=operation.target, update=update, keeping=_kept(operation))
    return RolledBack(operation=operation.id, undoes=operation.undoes, target=operation.target, update=update)


def _kept(operation: Operation) -> int | None:
    return None if operation.options.keeping is None else operation.options.keeping.version

"""Carries out rollbacks and recoveries: journaled step by step, so that another process can go on after a crash.

A rollback is: `rollback_started` (whoever writes it owns the stack), consumers moved where that is safe, the engine,
`rolled_back`. A recovery is the same without the early move: what the newer version needs may have to be made first.
Nothing between two entries depends on memory, and every step can be done twice, so a process that finds an operation
whose owner is gone does what is left of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import stamina

from rollback_plugin.controller.actor import Actor
from rollback_plugin.controller.consumers import Consumers
from rollback_plugin.controller.decision import Action, Decision
from rollback_plugin.controller.engine_lock import EngineLock
from rollback_plugin.controller.integrity import require_as_journaled
from rollback_plugin.controller.ownership import refuse_if_owner_lives
from rollback_plugin.controller.ports import EngineBackend, Replayer, VersionRecorder
from rollback_plugin.controller.progress import EngineProgress, OperationFinished, OperationStarted, Progress
from rollback_plugin.controller.targets import kept_by_recovery, recover_target, ringing_against, undo_target
from rollback_plugin.errors import (
    DamagedSnapshot,
    EngineError,
    EngineFailed,
    EngineLocked,
    NotReplayable,
    WriteConflict,
)
from rollback_plugin.journal.entries import (
    Deployed,
    Held,
    OperationFailed,
    ReasonCode,
    Recovered,
    RecoveryStarted,
    RollbackStarted,
    RolledBack,
)
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.options import DEFAULT_OPTIONS, OperationOptions
from rollback_plugin.journal.status import Operation, Status
from rollback_plugin.stack import StackName
from rollback_plugin.traffic.interface import TrafficRouter
from rollback_plugin.versions.archive import VersionArchive

if TYPE_CHECKING:
    from rollback_plugin.replay.events import EngineEvent
    from rollback_plugin.replay.plan import Plan

ENGINE_ATTEMPTS = 3
"""How often an engine that fails is run, unless a person is there to see why: after a failure half-way, running it
again finishes, and so it does where the last throes of a killed engine came in between."""
START_ATTEMPTS = 5
"""How often a person's request is made anew when others write to the journal at that very moment."""


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


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """The stack runs that version already."""

    version: int


@dataclass(frozen=True)
class Operator:
    """Rolls one stack back, and recovers it."""

    stack: StackName
    journal: Journal
    archive: VersionArchive
    backend: EngineBackend
    recorder: VersionRecorder
    replay: Replayer
    router: TrafficRouter
    clock: Callable[[], datetime]
    actor: Actor
    on_progress: Callable[[Progress], None]
    lock_patience_seconds: float = 600.0
    """How long somebody else's update is waited for."""

    def undo(
        self,
        to: int | None = None,
        *,
        reason: ReasonCode = ReasonCode.REQUESTED,
        alarms: tuple[str, ...] = (),
        options: OperationOptions = DEFAULT_OPTIONS,
    ) -> OperationResult | NothingToDo:
        """Roll the stack back to version `to`, or to the last healthy one, because a person says so.

        Somebody else's update is waited for, and the way is planned, before anything is touched or journaled:
        `EngineLocked`, `NotReplayable` and `DamagedSnapshot` come then. An abandoned operation is carried on with
        before that, and is the answer if it went to the same version. Alarms that count against the version undone and
        still ring are verified afterwards, besides `alarms`. Raises `NothingHealthy`, `UnknownVersion`,
        `OperationInProgress`, and the errors of store, engine and backend.
        """
        resumed = self.resume()
        if resumed is not None and resumed.kind == "rollback" and to in (None, resumed.target):
            return resumed
        for attempt in stamina.retry_context(on=WriteConflict, attempts=START_ATTEMPTS, wait_initial=0.05):
            with attempt:
                status = self._status_with_new_deploys()
                target = undo_target(self.stack, status, to)
                if status.applied is None or target == status.applied:
                    return NothingToDo(target)
                self._refuse_what_cannot_be_replayed(target, options)
                started = RollbackStarted(
                    operation=_new_operation(),
                    undoes=status.applied,
                    target=target,
                    reason=reason,
                    alarms=tuple(dict.fromkeys([*alarms, *ringing_against(status, status.applied)])),
                    options=options,
                )
                operation = self._start(started, status)
        return self._carry_on(operation, engine_attempts=1)

    def recover(
        self,
        to: int | None = None,
        *,
        reason: ReasonCode = ReasonCode.REQUESTED,
        options: OperationOptions = DEFAULT_OPTIONS,
    ) -> OperationResult | NothingToDo:
        """Apply version `to`, or the newest that was rolled back, again, because a person says so.

        What was deployed since its rollback is kept. Otherwise like `undo`.
        """
        resumed = self.resume()
        if resumed is not None and resumed.kind == "recovery" and to in (None, resumed.target):
            return resumed
        for attempt in stamina.retry_context(on=WriteConflict, attempts=START_ATTEMPTS, wait_initial=0.05):
            with attempt:
                status = self._status_with_new_deploys()
                target = recover_target(self.stack, status, to)
                # After a failure, what the stack runs may be a mixture: then the version applied is worth applying.
                if target == status.applied and status.last_failure is None:
                    return NothingToDo(target)
                merging = replace(options, keeping=kept_by_recovery(self.stack, status, target))
                self._refuse_what_cannot_be_replayed(target, merging)
                started = RecoveryStarted(operation=_new_operation(), target=target, reason=reason, options=merging)
                operation = self._start(started, status)
        return self._carry_on(operation, engine_attempts=1)

    def plan_undo(self, to: int | None = None, options: OperationOptions = DEFAULT_OPTIONS) -> tuple[int, Plan]:
        """The version that `undo` would go to, and how. Changes nothing; raises as `undo` does, but for refusals."""
        target = undo_target(self.stack, self._status_with_new_deploys(), to)
        return target, self._plan(target, options)

    def plan_recover(self, to: int | None = None, options: OperationOptions = DEFAULT_OPTIONS) -> tuple[int, Plan]:
        """The version that `recover` would go to, and how. Changes nothing; raises as `recover` does, but for
        refusals."""
        status = self._status_with_new_deploys()
        target = recover_target(self.stack, status, to)
        return target, self._plan(target, replace(options, keeping=kept_by_recovery(self.stack, status, target)))

    def carry_out(self, decision: Decision, status: Status) -> OperationResult:
        """Do what was decided on `status`; a decision to roll back or to recover.

        Raises `WriteConflict` when the journal has moved on since: decide again. A plan that refuses leaves consumers
        on the old version, and the rest held for a person.
        """
        if decision.target is None or decision.version is None:
            raise ValueError(f"{decision.action} names no version to apply")
        started: RollbackStarted | RecoveryStarted
        if decision.action is Action.ROLL_BACK:
            started = RollbackStarted(
                operation=_new_operation(),
                undoes=decision.version,
                target=decision.target,
                reason=decision.reason,
                alarms=decision.alarms,
            )
        else:
            started = RecoveryStarted(
                operation=_new_operation(),
                target=decision.target,
                reason=decision.reason,
                options=OperationOptions(keeping=kept_by_recovery(self.stack, status, decision.target)),
            )
        return self._carry_on(self._start(started, status))

    def resume(self) -> OperationResult | None:
        """Carry on, with the options it was begun with, with the operation that a process began and left; None when
        there is none.

        Raises `OperationInProgress` while its owner lives: on this machine by its process, elsewhere by its last entry
        being younger than 15 minutes.
        """
        operation = fold(self.journal.entries(), self.clock()).operation
        if operation is None:
            return None
        refuse_if_owner_lives(operation, self.stack, self.actor, self.clock())
        self._tell_start(operation, resumed=True)
        return self._carry_on(operation)

    @property
    def _lock(self) -> EngineLock:
        return EngineLock(
            self.stack, self.journal, self.backend, self.actor, self.on_progress, self.lock_patience_seconds
        )

    def _start(self, started: RollbackStarted | RecoveryStarted, status: Status) -> Operation:
        self.journal.append(started, after=status.entries_seen)
        operation = fold(self.journal.entries(), self.clock()).operation
        if operation is None or operation.id != started.operation:
            raise WriteConflict(f"Operation {started.operation} was ended by another process as soon as it began.")
        self._tell_start(operation, resumed=False)
        return operation

    def _carry_on(self, operation: Operation, engine_attempts: int = ENGINE_ATTEMPTS) -> OperationResult:
        consumers = Consumers(self.stack, self.journal, self.archive, self.backend, self.router, self.on_progress)
        try:
            if operation.kind == "rollback":
                consumers.move_back(operation)
            update = self._replay(operation, engine_attempts)
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
            consumers.follow_engine(operation.id)
            self.journal.append_next(OperationFailed(operation=operation.id, error=str(overtaken)))
            raise WriteConflict(f"{overtaken} Look at the stack's status and decide again.") from None
        consumers.follow_engine(operation.id)
        self.journal.append_next(_ended(operation, update))
        self.on_progress(OperationFinished(operation.id, operation.kind, operation.target, update))
        return OperationResult(
            operation.id, operation.kind, operation.undoes, operation.target, update, _kept(operation)
        )

    def _replay(self, operation: Operation, attempts: int) -> str:
        for attempt in stamina.retry_context(on=EngineFailed, attempts=attempts, timeout=None, wait_initial=1.0):
            with attempt:
                return self._lock.wait_for(operation, lambda: self._run_engine(operation))
        raise AssertionError("a retried call either returns or raises")

    def _run_engine(self, operation: Operation) -> str:
        self._stop_if_overtaken(operation)
        finished = [u for u in self.backend.updates(self.stack) if u.operation == operation.id and u.succeeded]
        if finished:
            # The process that ran it ended before it could say so.
            return finished[-1].name
        require_as_journaled(self.archive, self.journal.entries(), operation.target)
        return self.replay.apply(operation.target, operation.id, operation.kind, operation.options, self._tell_engine)

    def _stop_if_overtaken(self, operation: Operation) -> None:
        self.recorder.record()
        began = False
        for entry in self.journal.entries():
            event = entry.event
            if isinstance(event, RollbackStarted | RecoveryStarted) and event.operation == operation.id:
                began = True
            elif began and isinstance(event, Deployed):
                raise _Overtaken(
                    f"The {operation.kind} to version {operation.target} was given up: version {event.version} was "
                    "deployed meanwhile."
                )

    def _give_up(self, operation: Operation, error: Exception, reason: ReasonCode) -> None:
        if operation.reason is not ReasonCode.REQUESTED:
            # First, so that a crash in between can't lead to the same attempt again and again.
            concerned = operation.target if operation.undoes is None else operation.undoes
            self.journal.append_next(Held(version=concerned, reason=reason, explanation=str(error)))
        self.journal.append_next(OperationFailed(operation=operation.id, error=str(error)))

    def _refuse_what_cannot_be_replayed(self, target: int, options: OperationOptions) -> None:
        self._lock.wait_until_free()
        plan = self._plan(target, options)
        if plan.refusals:
            obstacles = "; ".join(map(str, plan.refusals))
            raise NotReplayable(
                f"Version {target} of {self.stack} can't be applied as it was, and nothing was touched. In the way: "
                f"{obstacles}. Choose another version with `--to N`, or see `rollback plan`."
            )

    def _plan(self, target: int, options: OperationOptions) -> Plan:
        require_as_journaled(self.archive, self.journal.entries(), target)
        return self.replay.plan(target, options)

    def _status_with_new_deploys(self) -> Status:
        self.recorder.record()
        status = fold(self.journal.entries(), self.clock())
        if status.operation is not None:
            refuse_if_owner_lives(status.operation, self.stack, self.actor, self.clock())
            raise WriteConflict(f"Another process began a {status.operation.kind} of {self.stack} at this moment.")
        return status

    def _tell_start(self, operation: Operation, *, resumed: bool) -> None:
        self.on_progress(
            OperationStarted(
                operation.id, operation.kind, operation.undoes, operation.target, operation.reason, resumed=resumed
            )
        )

    def _tell_engine(self, event: EngineEvent) -> None:
        self.on_progress(EngineProgress(event))


class _Overtaken(Exception):
    """Somebody deployed while the operation was under way."""


def _ended(operation: Operation, update: str) -> RolledBack | Recovered:
    if operation.undoes is None:
        return Recovered(operation=operation.id, target=operation.target, update=update, keeping=_kept(operation))
    return RolledBack(operation=operation.id, undoes=operation.undoes, target=operation.target, update=update)


def _kept(operation: Operation) -> int | None:
    return None if operation.options.keeping is None else operation.options.keeping.version


def _new_operation() -> str:
    return uuid.uuid4().hex[:12]

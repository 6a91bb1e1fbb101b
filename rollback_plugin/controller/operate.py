"""Begins rollbacks and recoveries, and carries on with those that another process began and left."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import stamina
from msgspec.structs import replace

from rollback_plugin.controller.actor import Actor
from rollback_plugin.controller.consumers import Consumers
from rollback_plugin.controller.consumers_ahead import ConsumersAhead
from rollback_plugin.controller.decision import Action, Decision
from rollback_plugin.controller.engine_lock import EngineLock
from rollback_plugin.controller.execution import Execution, OperationResult
from rollback_plugin.controller.integrity import require_as_journaled
from rollback_plugin.controller.ownership import Ownership
from rollback_plugin.controller.ports import EngineBackend, Replayer, VersionRecorder
from rollback_plugin.controller.progress import OperationStarted, Progress
from rollback_plugin.controller.signs_of_life import SignsOfLife
from rollback_plugin.controller.targets import kept_by_recovery, recover_target, ringing_against, undo_target
from rollback_plugin.errors import NotReplayable, WriteConflict
from rollback_plugin.journal.entries import ReasonCode, RecoveryStarted, RollbackStarted
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.options import DEFAULT_OPTIONS, OperationOptions
from rollback_plugin.journal.status import Operation, Status
from rollback_plugin.stack import StackName
from rollback_plugin.traffic.interface import TrafficRouter
from rollback_plugin.versions.archive import VersionArchive

if TYPE_CHECKING:
    from rollback_plugin.replay.plan import Plan

START_ATTEMPTS = 5
"""How often a person's request is made anew when others write to the journal at that very moment."""


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
    consumers_ahead: ConsumersAhead
    clock: Callable[[], datetime]
    actor: Actor
    signs: SignsOfLife
    on_progress: Callable[[Progress], None]
    lock_patience_seconds: float = 600.0
    """How long somebody else's update is waited for."""
    pause: Callable[[float], None] = time.sleep
    """Lets so many seconds pass."""

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
        resumed = self._resume_patiently()
        if resumed is not None and resumed.kind == "rollback" and to in (None, resumed.target):
            return resumed

        def decide(status: Status) -> RollbackStarted | NothingToDo:
            target = undo_target(self.stack, status, to)
            if status.applied is None or target == status.applied:
                return NothingToDo(target)
            return RollbackStarted(
                operation=_new_operation(),
                undoes=status.applied,
                target=target,
                reason=reason,
                alarms=tuple(dict.fromkeys([*alarms, *ringing_against(status, status.applied)])),
                options=options,
            )

        return self._do_as_asked(decide)

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
        resumed = self._resume_patiently()
        if resumed is not None and resumed.kind == "recovery" and to in (None, resumed.target):
            return resumed

        def decide(status: Status) -> RecoveryStarted | NothingToDo:
            target = recover_target(self.stack, status, to)
            # After a failure, what the stack runs may be a mixture: then the version applied is worth applying.
            if target == status.applied and status.last_failure is None:
                return NothingToDo(target)
            merging = replace(options, keeping=kept_by_recovery(self.stack, status, target))
            return RecoveryStarted(operation=_new_operation(), target=target, reason=reason, options=merging)

        return self._do_as_asked(decide)

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
        return self._execution.carry_on(self._start(started, status))

    def resume(self) -> OperationResult | None:
        """Carry on, with the options it was begun with, with the operation that a process began and left; None when
        there is none.

        Raises `OperationInProgress` while its owner lives, as far as can be told from here, and `WriteConflict` when
        somebody else carries on with it at this moment.
        """
        status = self.journal.status(self.clock())
        operation = status.operation
        if operation is None:
            return None
        self._ownership.refuse_if_owner_lives(operation)
        self.signs.give(operation.id)
        operation = self._ownership.take_over(operation, status.entries_seen)
        self._tell_start(operation, resumed=True)
        return self._execution.carry_on(operation)

    def _resume_patiently(self) -> OperationResult | None:
        """The same for a person, who can't come back every minute to see whether the owner still gives signs."""
        operation = self.journal.status(self.clock()).operation
        if operation is not None:
            self._ownership.wait_to_see(operation)
        return self.resume()

    def _do_as_asked(
        self, decide: Callable[[Status], RollbackStarted | RecoveryStarted | NothingToDo]
    ) -> OperationResult | NothingToDo:
        """Do what a person asked for; what that is depends on the status, and is decided anew when others write to the
        journal at that very moment."""
        with ExitStack() as begun:
            for attempt in stamina.retry_context(on=WriteConflict, attempts=START_ATTEMPTS, wait_initial=0.05):
                with attempt:
                    begun.close()
                    status = self._status_with_new_deploys()
                    started = decide(status)
                    if isinstance(started, NothingToDo):
                        return started
                    begun.enter_context(self._begun(started))
                    operation = self._start(started, status)
            return self._execution.carry_on(operation, engine_attempts=1)

    @property
    def _ownership(self) -> Ownership:
        return Ownership(self.stack, self.journal, self.signs, self.actor, self.clock, self.pause, self.on_progress)

    @property
    def _lock(self) -> EngineLock:
        return EngineLock(
            self.stack,
            self.journal,
            self.backend,
            self.signs,
            self.actor,
            self.on_progress,
            self.lock_patience_seconds,
        )

    @property
    def _execution(self) -> Execution:
        return Execution(
            stack=self.stack,
            journal=self.journal,
            archive=self.archive,
            backend=self.backend,
            recorder=self.recorder,
            replay=self.replay,
            consumers=Consumers(
                self.stack,
                self.journal,
                self.archive,
                self.backend,
                self.router,
                self.consumers_ahead,
                self.on_progress,
            ),
            ownership=self._ownership,
            lock=self._lock,
            on_progress=self.on_progress,
        )

    def _start(self, started: RollbackStarted | RecoveryStarted, status: Status) -> Operation:
        # Before the entry: without a sign of its owner, nobody can tell a slow process from a dead one.
        self.signs.give(started.operation)
        try:
            self.journal.append(started, after=status.entries_seen)
        except WriteConflict:
            self.signs.take_back(started.operation)
            raise
        operation = self.journal.status(self.clock()).operation
        if operation is None or operation.id != started.operation:
            raise WriteConflict(f"Operation {started.operation} was ended by another process as soon as it began.")
        self._tell_start(operation, resumed=False)
        return operation

    @contextmanager
    def _begun(self, started: RollbackStarted | RecoveryStarted) -> Iterator[None]:
        """What can't be replayed is refused, while the engine begins with what probably can."""
        kind: Literal["rollback", "recovery"] = "rollback" if isinstance(started, RollbackStarted) else "recovery"
        target, options = started.target, started.options
        self._lock.wait_until_free()
        require_as_journaled(self.archive, self.journal, target)
        with self.replay.begun(target, started.operation, kind, options):
            plan = self.replay.plan(target, options)
            if plan.refusals:
                obstacles = "; ".join(map(str, plan.refusals))
                raise NotReplayable(
                    f"Version {target} of {self.stack} can't be applied as it was, and nothing was touched. In the way:"
                    f" {obstacles}. Choose another version with `--to N`, or see `rollback plan`."
                )
            yield

    def _plan(self, target: int, options: OperationOptions) -> Plan:
        require_as_journaled(self.archive, self.journal, target)
        return self.replay.plan(target, options)

    def _status_with_new_deploys(self) -> Status:
        self.recorder.record()
        status = self.journal.status(self.clock())
        if status.operation is not None:
            self._ownership.refuse_if_owner_lives(status.operation)
            raise WriteConflict(f"Another process began a {status.operation.kind} of {self.stack} at this moment.")
        return status

    def _tell_start(self, operation: Operation, *, resumed: bool) -> None:
        self.on_progress(
            OperationStarted(
                operation.id, operation.kind, operation.undoes, operation.target, operation.reason, resumed=resumed
            )
        )


def _new_operation() -> str:
    return uuid.uuid4().hex[:12]

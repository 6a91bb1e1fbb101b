"""Other people's updates of a stack are waited for; a lock that a killed process of ours left is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import stamina

from rollback_plugin.controller.actor import Actor, process_is_alive
from rollback_plugin.controller.ports import EngineBackend
from rollback_plugin.controller.progress import Progress, StaleLockBroken, WaitingForLock
from rollback_plugin.errors import EngineLocked
from rollback_plugin.journal.entries import LockBroken
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.status import Operation
from rollback_plugin.stack import StackName

if TYPE_CHECKING:
    from rollback_plugin.backend.locks import Lock

Result = TypeVar("Result")


@dataclass(frozen=True)
class EngineLock:
    """The lock that the engine's backend keeps on a stack while an update runs."""

    stack: StackName
    journal: Journal
    backend: EngineBackend
    actor: Actor
    on_progress: Callable[[Progress], None]
    patience_seconds: float

    def wait_for(self, operation: Operation, work: Callable[[], Result]) -> Result:
        """Do `work` as soon as the engine lets it. Raises `EngineLocked` when the lock outlasts `patience_seconds`."""
        for attempt in stamina.retry_context(
            on=EngineLocked, attempts=None, timeout=self.patience_seconds, wait_initial=0.5, wait_max=15.0
        ):
            with attempt:
                try:
                    return work()
                except EngineLocked:
                    self._look_at_locks(operation)
                    raise
        raise AssertionError("a retried call either returns or raises")

    def wait_until_free(self) -> None:
        """Return once nobody holds the stack. Raises `EngineLocked`, naming who does after `patience_seconds`."""
        for attempt in stamina.retry_context(
            on=EngineLocked, attempts=None, timeout=self.patience_seconds, wait_initial=0.5, wait_max=15.0
        ):
            with attempt:
                holders = tuple(str(lock) for lock in self.backend.locks(self.stack))
                if holders:
                    self.on_progress(WaitingForLock(holders))
                    raise EngineLocked(
                        f"{self.stack} is being updated by {', '.join(holders)}; nothing was changed. Wait for that "
                        "update; if its process is gone, remove its lock with `pulumi cancel`, and try again."
                    )

    def _look_at_locks(self, operation: Operation) -> None:
        held_by_others = []
        for lock in self.backend.locks(self.stack):
            holder = str(lock)
            if self._left_behind(lock, operation):
                self.backend.break_lock(lock)
                self.journal.append_next(LockBroken(holder=holder))
                self.on_progress(StaleLockBroken(holder))
            else:
                held_by_others.append(holder)
        if held_by_others:
            self.on_progress(WaitingForLock(tuple(held_by_others)))

    def _left_behind(self, lock: Lock, operation: Operation) -> bool:
        """Whether the lock is of an engine that ran for this operation and is no more.

        The engine is a child process, so its number is in no entry; but a lock taken by our user on our machine after
        the operation began, whose process is gone, can't belong to an update that still runs.
        """
        return (
            lock.host == self.actor.host
            and lock.user == self.actor.user
            and lock.time >= operation.started_at
            and not process_is_alive(lock.pid, lock.time)
        )

"""Other people's updates of a stack are waited for; a lock that a killed process of ours left is broken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import stamina

from rollback_plugin.controller.actor import Actor, process_is_alive
from rollback_plugin.controller.ownership import CLOCKS_DIFFER
from rollback_plugin.controller.ports import EngineBackend
from rollback_plugin.controller.progress import Progress, StaleLockBroken, WaitingForLock
from rollback_plugin.controller.signs_of_life import SignsOfLife
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
    signs: SignsOfLife
    actor: Actor
    on_progress: Callable[[Progress], None]
    patience_seconds: float

    def wait_for(self, operation: Operation, work: Callable[[], Result], has_begun: Callable[[str], bool]) -> Result:
        """Do `work` once nobody holds the stack. Raises `EngineLocked` when a lock outlasts `patience_seconds`.

        Locks are looked at before, too: an engine whose process was just killed still writes the stack's state while
        it holds one, and work that began by reading that state would be lost. Not where an engine `has_begun` on this
        operation: then the lock is its own, or it says itself whose.
        """
        for attempt in stamina.retry_context(
            on=EngineLocked, attempts=None, timeout=self.patience_seconds, wait_initial=0.5, wait_max=15.0
        ):
            with attempt:
                if not has_begun(operation.id):
                    self._refuse_while_held(self._held_by_others(operation))
                return work()
        raise AssertionError("a retried call either returns or raises")

    def wait_until_free(self) -> None:
        """Return once nobody holds the stack. Raises `EngineLocked`, naming who does after `patience_seconds`."""
        for attempt in stamina.retry_context(
            on=EngineLocked, attempts=None, timeout=self.patience_seconds, wait_initial=0.5, wait_max=15.0
        ):
            with attempt:
                self._refuse_while_held([str(lock) for lock in self.backend.locks(self.stack)])

    def _refuse_while_held(self, holders: Sequence[str]) -> None:
        if holders:
            self.on_progress(WaitingForLock(tuple(holders)))
            raise EngineLocked(
                f"{self.stack} is being updated by {', '.join(holders)}. Wait for that update; if its process is gone, "
                "remove its lock with `pulumi cancel`, and try again."
            )

    def _held_by_others(self, operation: Operation) -> list[str]:
        """Who holds the stack, after locks were removed that a process of ours left."""
        held_by_others = []
        for lock in self.backend.locks(self.stack):
            holder = str(lock)
            if self._left_behind(lock, operation):
                self.backend.break_lock(self.stack, lock)
                self.journal.append_next(LockBroken(holder=holder))
                self.on_progress(StaleLockBroken(holder))
            else:
                held_by_others.append(holder)
        return held_by_others

    def _left_behind(self, lock: Lock, operation: Operation) -> bool:
        """Whether the lock is of an engine that ran for this operation and is no more.

        A lock taken by our user on our machine after the operation began, whose process is gone, can't belong to an
        update that still runs. Another machine's processes can't be looked at: there it is the lock of an engine that
        the operation's former owner told of, before it fell silent.
        """
        if lock.host != self.actor.host:
            return self.signs.engine_is_gone(operation.id, lock.host, lock.pid)
        return (
            lock.user == self.actor.user
            # The engine asks the machine for the time; the journal's clock may be set right by others.
            and lock.time >= operation.started_at - CLOCKS_DIFFER
            and not process_is_alive(lock.pid, lock.time)
        )

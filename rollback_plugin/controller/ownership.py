"""Whose an operation in progress is, who may carry on with it, and that only its owner ends it.

An operation belongs to the process whose entry began it, or took it over last. Taking over is an entry like any other:
of many that find the owner gone, one writes it. An owner that was only slow finds it before its next step, and stops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollback_plugin.controller.actor import Actor, process_is_alive
from rollback_plugin.controller.progress import Progress, WaitingForOwner
from rollback_plugin.controller.signs_of_life import SILENT_AFTER_SECONDS, SignsOfLife
from rollback_plugin.errors import OperationInProgress, WriteConflict
from rollback_plugin.journal.entries import Event, TakenOver
from rollback_plugin.journal.journal import Journal
from rollback_plugin.journal.status import Operation
from rollback_plugin.stack import StackName

GONE_AFTER = timedelta(minutes=15)
"""A process elsewhere that this one hasn't watched counts as gone when it said nothing for so long: far more than two
machines' clocks differ by."""
CLOCKS_DIFFER = timedelta(minutes=5)
"""By how much a machine's clock may be wrong, where its own times meet those in the journal."""
LOOK_AGAIN_SECONDS = 2.0
_ATTEMPTS = 64
"""How often an entry is tried when others write at the same time; each lost attempt means theirs was written."""


@dataclass(frozen=True)
class Ownership:
    """What `actor` may do with the operations of one stack."""

    stack: StackName
    journal: Journal
    signs: SignsOfLife
    actor: Actor
    clock: Callable[[], datetime]
    pause: Callable[[float], None]
    """Lets so many seconds pass."""
    on_progress: Callable[[Progress], None]

    def refuse_if_owner_lives(self, operation: Operation) -> None:
        """Raises `OperationInProgress` unless the operation is this process's, or its owner is gone.

        On this machine that is told by its process, elsewhere by its signs: the same one for a minute, seen from here,
        or the last one 15 minutes old.
        """
        if operation.actor == str(self.actor) or self._is_gone(operation):
            return
        raise OperationInProgress(
            f"{operation.actor} is in the middle of a {operation.kind} of {self.stack} to version {operation.target}, "
            f"begun at {operation.started_at:%Y-%m-%d %H:%M:%S} UTC. Wait for it; should that process end, whoever "
            "looks next carries on with it (from another machine once it has been silent for a minute)."
        )

    def wait_to_see(self, operation: Operation) -> None:
        """Watch an owner on another machine until it gives a sign, or was silent for long enough to be gone."""
        owner = Actor.parse(operation.actor)
        first = self.signs.last(operation.id, operation.actor)
        if first is None or owner is None or owner.host == self.actor.host or owner == self.actor:
            return
        if not self._is_gone(operation):
            self.on_progress(WaitingForOwner(operation.actor))
        while not self._is_gone(operation) and self.signs.last(operation.id, operation.actor) == first:
            self.pause(LOOK_AGAIN_SECONDS)

    def take_over(self, operation: Operation, entries_seen: int) -> Operation:
        """Make the operation this process's. Raises `WriteConflict` when the journal has moved on."""
        if operation.actor == str(self.actor):
            return operation
        self.journal.append(TakenOver(operation=operation.id, owner=operation.actor), after=entries_seen)
        return self._owned(operation)[0]

    def require(self, operation: Operation) -> None:
        """Raises `WriteConflict` if the operation has ended, or is another process's by now."""
        self._owned(operation)

    def append(self, operation: Operation, event: Event, still_holds: Callable[[], None] = lambda: None) -> None:
        """Journal what only the operation's owner may say, and only after what `still_holds` has seen, which raises
        where it doesn't. Raises `WriteConflict` as `require` does."""
        for attempt in range(1, _ATTEMPTS + 1):
            _, entries_seen = self._owned(operation)
            still_holds()
            try:
                self.journal.append(event, after=entries_seen)
            except WriteConflict:
                if attempt == _ATTEMPTS:
                    raise
                continue
            return

    def _owned(self, operation: Operation) -> tuple[Operation, int]:
        status = self.journal.status(self.clock())
        if status.operation is None or status.operation.id != operation.id:
            raise WriteConflict(
                f"The {operation.kind} of {self.stack} to version {operation.target} was ended by another process "
                "meanwhile. Look at the stack's status and decide again."
            )
        if status.operation.actor != str(self.actor):
            raise WriteConflict(
                f"The {operation.kind} of {self.stack} to version {operation.target} was taken over by "
                f"{status.operation.actor}, because this process was silent for too long. It ends it; nothing is left "
                "to do here."
            )
        return status.operation, status.entries_seen

    def _is_gone(self, operation: Operation) -> bool:
        owner = Actor.parse(operation.actor)
        here = owner is not None and owner.host == self.actor.host
        if owner is not None and here and not process_is_alive(owner.pid, operation.owned_since + CLOCKS_DIFFER):
            return True
        sign = self.signs.last(operation.id, operation.actor)
        if sign is None:
            # Killed before its first, or of a version that gave none.
            return not here and self.clock() - operation.last_activity_at >= GONE_AFTER
        if self.signs.unchanged_seconds(operation.id, sign) >= SILENT_AFTER_SECONDS:
            return True
        return self.clock() - max(sign.time, operation.last_activity_at) >= GONE_AFTER

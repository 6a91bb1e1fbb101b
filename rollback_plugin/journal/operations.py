"""What the journal says of each rollback and recovery, from its start to its end."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from rollback_plugin.journal.entries import (
    Entry,
    OperationFailed,
    Recovered,
    RecoveryStarted,
    RollbackStarted,
    RollbackVerified,
    RolledBack,
)
from rollback_plugin.journal.paged import Paged


class OperationFacts(Struct, frozen=True):
    """One rollback or recovery."""

    told_at: int
    """Sequence of the first entry that told of it."""
    began: datetime
    started: RollbackStarted | RecoveryStarted
    outcome: str = "in_progress"
    """`in_progress` or `failed`; of a rollback `unverified`, `helped` or `did_not_help`; of a recovery `done`."""
    error: str | None = None


Operations = Paged[str, OperationFacts]
"""By id."""


def told_of_operation(operations: Operations, entry: Entry) -> Operations:
    """The operations after one more entry, whatever that is about."""
    match entry.event:
        case RollbackStarted() | RecoveryStarted() as event:
            known = operations.get(event.operation)
            told_at = entry.sequence if known is None else known.told_at
            return operations.having(event.operation, OperationFacts(told_at, entry.time, event))
        case RolledBack(operation=operation):
            return _amended(operations, operation, "unverified")
        case RollbackVerified(operation=operation, helped=helped):
            return _amended(operations, operation, "helped" if helped else "did_not_help")
        case Recovered(operation=operation):
            return _amended(operations, operation, "done")
        case OperationFailed(operation=operation, error=error):
            return _amended(operations, operation, "failed", error)
        case _:
            return operations


def _amended(operations: Operations, operation: str, outcome: str, error: str | None = None) -> Operations:
    known = operations.get(operation)
    if known is None:
        return operations
    return operations.having(operation, replace(known, outcome=outcome, error=known.error if error is None else error))

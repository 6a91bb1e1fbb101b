"""The journal as a list for people: every deploy, rollback and recovery, oldest first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from rollback_plugin.journal.entries import (
    Deployed,
    Entry,
    OperationFailed,
    Planned,
    Recovered,
    RecoveryStarted,
    RollbackStarted,
    RollbackVerified,
    RolledBack,
)
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.status import Pruning


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One deploy, rollback or recovery."""

    version: int
    """The version deployed, or the one gone back or forward to."""
    kind: Literal["deploy", "rollback", "recovery"]
    verdict: str
    """Of a deploy its version's `Verdict`; of a rollback `in_progress`, `failed`, `unverified`, `helped` or
    `did_not_help`; of a recovery `in_progress`, `failed` or `done`."""
    time: datetime
    """When the deploy ended, or the operation began."""
    reason: str
    """Of a deploy a sentence; of an operation its `ReasonCode`, or why it failed."""
    operation: str | None = None
    undoes: int | None = None
    """Of a rollback, the version it took away."""
    keeping: int | None = None
    """Of a recovery, the version whose changes were kept: what was applied is no version's content exactly."""
    way_back: Planned | None = None
    """Of a deploy, what undoing it would take, as it was worked out last."""
    evidence: str | None = None
    """Of a deploy that was judged, the digest of what that rested on; `rollback evidence` shows it."""
    pruned: Pruning | None = None
    """Of a deploy whose version can't be applied again, since when."""


def history_rows(entries: Sequence[Entry], now: datetime) -> tuple[HistoryRow, ...]:
    """One row for each deploy, rollback and recovery, with what is known of it at `now`."""
    status = fold(entries, now)
    rows: dict[str, HistoryRow] = {}
    for entry in entries:
        match entry.event:
            case Deployed(version=number):
                version = status.version(number)
                rows.setdefault(
                    f"version {number}",
                    HistoryRow(
                        number,
                        "deploy",
                        version.verdict.value,
                        version.deployed_at,
                        version.reason,
                        way_back=version.way_back,
                        evidence=None if version.evidence is None else version.evidence.digest,
                        pruned=version.pruned,
                    ),
                )
            case RollbackStarted() as event:
                rows[event.operation] = HistoryRow(
                    event.target,
                    "rollback",
                    "in_progress",
                    entry.time,
                    event.reason.value,
                    event.operation,
                    event.undoes,
                )
            case RecoveryStarted() as event:
                rows[event.operation] = HistoryRow(
                    event.target,
                    "recovery",
                    "in_progress",
                    entry.time,
                    event.reason.value,
                    event.operation,
                    keeping=None if event.options.keeping is None else event.options.keeping.version,
                )
            case RolledBack(operation=operation):
                _amend(rows, operation, "unverified")
            case RollbackVerified(operation=operation, helped=helped):
                _amend(rows, operation, "helped" if helped else "did_not_help")
            case Recovered(operation=operation):
                _amend(rows, operation, "done")
            case OperationFailed(operation=operation, error=error):
                _amend(rows, operation, "failed", error)
            case _:
                pass
    return tuple(rows.values())


def _amend(rows: dict[str, HistoryRow], operation: str, verdict: str, reason: str | None = None) -> None:
    row = rows.get(operation)
    if row is not None:
        rows[operation] = replace(row, verdict=verdict, reason=row.reason if reason is None else reason)

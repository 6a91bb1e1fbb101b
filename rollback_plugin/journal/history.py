"""The journal as a list for people: every deploy, rollback and recovery, oldest first."""

from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from typing import Literal

from msgspec import Struct

from rollback_plugin.journal.apply import facts_of
from rollback_plugin.journal.entries import Entry, Planned, RollbackStarted
from rollback_plugin.journal.facts import Facts
from rollback_plugin.journal.fold import status_of
from rollback_plugin.journal.operations import OperationFacts
from rollback_plugin.journal.status import Pruning, VersionStatus


class HistoryRow(Struct, frozen=True):
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
    return history_of(facts_of(entries), now)


def history_of(facts: Facts, now: datetime) -> tuple[HistoryRow, ...]:
    """The same, for who has the facts that the entries tell of."""
    judged = status_of(facts, now).versions
    told_at = (known.told_at for _, known in facts.versions.items())
    rows = [(sequence, _deploy(version)) for sequence, version in zip(told_at, judged, strict=True)]
    rows += [(operation.told_at, _operation(operation)) for operation in facts.operations.values()]
    return tuple(row for _, row in sorted(rows, key=itemgetter(0)))


def _deploy(version: VersionStatus) -> HistoryRow:
    return HistoryRow(
        version.number,
        "deploy",
        version.verdict.value,
        version.deployed_at,
        version.reason,
        way_back=version.way_back,
        evidence=None if version.evidence is None else version.evidence.digest,
        pruned=version.pruned,
    )


def _operation(operation: OperationFacts) -> HistoryRow:
    started = operation.started
    rollback = started if isinstance(started, RollbackStarted) else None
    return HistoryRow(
        started.target,
        "recovery" if rollback is None else "rollback",
        operation.outcome,
        operation.began,
        started.reason.value if operation.error is None else operation.error,
        started.operation,
        None if rollback is None else rollback.undoes,
        None if rollback is not None or started.options.keeping is None else started.options.keeping.version,
    )

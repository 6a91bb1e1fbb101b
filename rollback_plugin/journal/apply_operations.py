"""What the entries of a rollback or a recovery add to the facts."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from rollback_plugin.journal.entries import (
    AlarmState,
    Entry,
    OperationFailed,
    ReasonCode,
    Recovered,
    RecoveryStarted,
    RollbackStarted,
    RollbackVerified,
    RolledBack,
    TakenOver,
    TrafficShifted,
)
from rollback_plugin.journal.facts import Facts
from rollback_plugin.journal.status import Operation, OperationFailure, Undone
from rollback_plugin.journal.tenure import Tenure


def started(facts: Facts, event: RollbackStarted | RecoveryStarted, entry: Entry) -> Facts:
    rollback = event if isinstance(event, RollbackStarted) else None
    operation = Operation(
        id=event.operation,
        kind="rollback" if rollback else "recovery",
        undoes=rollback.undoes if rollback else None,
        target=event.target,
        reason=event.reason,
        alarms=rollback.alarms if rollback else (),
        started_at=entry.time,
        last_activity_at=entry.time,
        actor=entry.actor,
        options=event.options,
    )
    return replace(
        facts,
        operation=operation,
        verifying=None,
        # A recovery that fails leaves its ground standing.
        unhelpful=None if rollback else facts.unhelpful,
        last_failure=None,
        held=None,
        question=None,
        automatic_rollbacks=(
            (*facts.automatic_rollbacks, entry.time)
            if rollback and rollback.reason is not ReasonCode.REQUESTED
            else facts.automatic_rollbacks
        ),
    )


def traffic_shifted(facts: Facts, event: TrafficShifted, time: datetime) -> Facts:
    operation = facts.operation
    if operation is None or operation.id != event.operation:
        return facts
    return replace(facts, operation=replace(operation, shifted=(*operation.shifted, event), last_activity_at=time))


def taken_over(facts: Facts, event: TakenOver, entry: Entry) -> Facts:
    operation = facts.operation
    if operation is None or operation.id != event.operation:
        return facts
    taken = replace(operation, actor=entry.actor, taken_over_at=entry.time, last_activity_at=entry.time)
    return replace(facts, operation=taken)


def rolled_back(facts: Facts, event: RolledBack, time: datetime) -> Facts:
    facts = facts.with_tenure_ended(time, successor=event.target)
    undone = facts.versions.get(event.undoes)
    if undone is not None:
        # A merged version goes on from where its first rollback left it: what was deployed since is kept again.
        merged = facts.keeping is not None and facts.applied == event.undoes
        how = undone.undone if merged else Undone(event.target, newest=facts.versions.last or event.undoes)
        facts = facts.with_version(replace(undone, quarantine=event, released=None, undone=how))
    target = facts.versions.get(event.target)
    if target is not None:
        facts = facts.with_version(replace(target, undone=None))
    ended = _ended(facts, event.operation, time)
    return replace(
        facts,
        applied=event.target,
        recovered=False,
        keeping=None,
        reapplied_at=time,
        operation=None if ended else facts.operation,
        verifying=ended,
        unhelpful=None,
    )


def verified(facts: Facts, event: RollbackVerified, time: datetime) -> Facts:
    operation = facts.verifying
    if operation is None or operation.id != event.operation:
        return facts
    if event.helped:
        return replace(facts, verifying=None)
    # These went on ringing without it, so it isn't what makes them ring.
    blamed = facts.versions.get(operation.undoes) if operation.undoes is not None else None
    if blamed is not None:
        facts = facts.with_version(replace(blamed, exonerated=blamed.exonerated.union(event.still_ringing)))
    return replace(facts, verifying=None, unhelpful=replace(operation, last_activity_at=time))


def recovered(facts: Facts, event: Recovered, time: datetime) -> Facts:
    facts = facts.with_tenure_ended(time, successor=event.target)
    target = facts.versions.get(event.target)
    if target is not None:
        ringing = {name for name, alarm in facts.alarms.items() if alarm.state is AlarmState.ALARM}
        bake_ends_at = time + timedelta(seconds=target.deployed.bake_seconds)
        facts = facts.with_version(
            replace(
                target,
                tenure=Tenure(time, bake_ends_at, awaits_requests=target.deployed.bake_requests > 0),
                quarantine=None,
                released=None,
                exonerated=target.exonerated.union(ringing),
                worsened=frozenset(),
                undone=None if event.keeping is None else target.undone,
            ),
        )
    ended = _ended(facts, event.operation, time)
    return replace(
        facts,
        applied=event.target,
        recovered=True,
        keeping=None if event.keeping is None or ended is None else ended.options.keeping,
        in_charge=None if target is None else event.target,
        reapplied_at=time,
        operation=None if ended else facts.operation,
        verifying=None,
        unhelpful=None,
    )


def failed(facts: Facts, event: OperationFailed, time: datetime) -> Facts:
    ended = _ended(facts, event.operation, time)
    if ended is None:
        return facts
    return replace(facts, operation=None, last_failure=OperationFailure(ended, event.error, time))


def _ended(facts: Facts, operation: str, time: datetime) -> Operation | None:
    """The operation in progress as it was at its end, when it is the one named."""
    if facts.operation is None or facts.operation.id != operation:
        return None
    return replace(facts.operation, last_activity_at=time)

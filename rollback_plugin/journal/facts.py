"""What the entries of a journal say, taken one after the other; not judged here, and the same whenever it is read.

Which version is *in charge* matters most: the one put in place last by a deploy or a recovery, and not rolled back
since. Only its time in charge (its *tenure*) can speak for or against a version. A version that a rollback went back to
is applied, but not in charge: what happens then says whether the rollback helped.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce
from sys import maxsize
from typing import assert_never

from rollback_plugin.journal.entries import (
    AlarmChanged,
    AlarmExcused,
    AlarmState,
    AlarmWorsened,
    Answered,
    Asked,
    Deployed,
    Detection,
    Entry,
    EvidenceKept,
    FreezeBegan,
    FreezeEnded,
    Held,
    LockBroken,
    OperationFailed,
    Planned,
    Pruned,
    ReasonCode,
    Recovered,
    RecoveryStarted,
    Released,
    RequestsReached,
    RollbackStarted,
    RollbackVerified,
    RolledBack,
    TakenOver,
    TrafficShifted,
)
from rollback_plugin.journal.operations import Operations, told_of_operation
from rollback_plugin.journal.options import Keeping
from rollback_plugin.journal.paged import Paged
from rollback_plugin.journal.status import Freeze, Operation, OperationFailure, Pruning, Question, Undone
from rollback_plugin.journal.tenure import Tenure, VersionFacts


@dataclass(frozen=True, slots=True)
class Facts:
    entries_seen: int = 0
    versions: Paged[int, VersionFacts] = field(default_factory=Paged)
    operations: Operations = field(default_factory=Paged)
    """Every rollback and recovery there was."""
    updates: Paged[str, int] = field(default_factory=Paged)
    """By the backend's name of an update, the version that it made."""
    newest_update_at: datetime | None = None
    """When the newest of them ended."""
    named_first: Mapping[str, int] = field(default_factory=dict)
    """By alarm, the lowest version that named it."""
    applied: int | None = None
    recovered: bool = False
    keeping: Keeping | None = None
    """What the recovery of the version applied kept of other versions."""
    in_charge: int | None = None
    reapplied_at: datetime | None = None
    """When an operation of ours last changed what is applied."""
    operation: Operation | None = None
    verifying: Operation | None = None
    unhelpful: Operation | None = None
    last_failure: OperationFailure | None = None
    alarms: Mapping[str, AlarmChanged] = field(default_factory=dict)
    rang: Paged[tuple[datetime, int], AlarmChanged] = field(default_factory=Paged)
    """Every time an alarm was seen to have gone to ALARM, by when it did and the sequence of the entry."""
    held: Held | None = None
    question: Question | None = None
    freeze: Freeze | None = None
    automatic_rollbacks: tuple[datetime, ...] = ()

    def deployed(self, version: int) -> Deployed | None:
        """How a version was journaled; None where it wasn't."""
        known = self.versions.get(version)
        return None if known is None else known.deployed


def facts_of(entries: Iterable[Entry], before: Facts | None = None) -> Facts:
    """What the entries say, taken after what those `before` them said."""
    known: Facts = reduce(apply, entries, Facts() if before is None else before)
    return known


def apply(facts: Facts, entry: Entry) -> Facts:
    """The facts after one more entry."""
    facts = replace(facts, entries_seen=entry.sequence, operations=told_of_operation(facts.operations, entry))
    match entry.event:
        case Deployed() as event:
            return _deployed(_named(facts, event), event, entry.sequence)
        case RequestsReached() as event:
            return _requests_reached(facts, event, entry.time)
        case Planned() as event:
            return _planned(facts, event)
        case EvidenceKept() as event:
            judged = facts.versions.get(event.version)
            return facts if judged is None else _with_version(facts, replace(judged, evidence=event))
        case Detection() as event:
            version = facts.versions.get(event.version)
            return facts if version is None else _with_version(facts, replace(version, detection=event))
        case AlarmChanged() as event:
            alarms = {**facts.alarms, event.alarm: event}
            if event.state is not AlarmState.ALARM:
                return replace(facts, alarms=alarms)
            return replace(facts, alarms=alarms, rang=facts.rang.having((event.since, entry.sequence), event))
        case AlarmWorsened() | AlarmExcused() as event:
            return _weighed(facts, event)
        case RollbackStarted() | RecoveryStarted() as event:
            return _started(facts, event, entry)
        case TrafficShifted() as event:
            return _traffic_shifted(facts, event, entry.time)
        case TakenOver() as event:
            return _taken_over(facts, event, entry)
        case RolledBack() as event:
            return _rolled_back(facts, event, entry.time)
        case RollbackVerified() as event:
            return _verified(facts, event, entry.time)
        case Recovered() as event:
            return _recovered(facts, event, entry.time)
        case OperationFailed() as event:
            return _failed(facts, event, entry.time)
        case Held() as event:
            return replace(facts, held=event)
        case Asked() as event:
            return replace(facts, question=Question(event, entry.time))
        case Answered() as event:
            return _answered(facts, event, entry)
        case FreezeBegan() as event:
            # What was asked is asked again after it, if it is still wanted then.
            return replace(facts, freeze=Freeze(event, entry.time, entry.actor), question=None)
        case FreezeEnded():
            return replace(facts, freeze=None)
        case Released() as event:
            return _released(facts, event)
        case Pruned() as event:
            return _pruned(facts, event, entry)
        case LockBroken():
            return facts
        case _ as never:
            assert_never(never)


def _named(facts: Facts, event: Deployed) -> Facts:
    """What recording and weighing look up of all deploys."""
    ended = event.finished_at if facts.newest_update_at is None else max(facts.newest_update_at, event.finished_at)
    lower = {alarm: event.version for alarm in event.alarms if event.version < facts.named_first.get(alarm, maxsize)}
    return replace(
        facts,
        updates=facts.updates.having(event.update, event.version),
        newest_update_at=ended,
        named_first={**facts.named_first, **lower} if lower else facts.named_first,
    )


def _deployed(facts: Facts, event: Deployed, told_at: int) -> Facts:
    if event.version in facts.versions:
        return facts
    bake_ends_at = event.finished_at + timedelta(seconds=event.bake_seconds)
    tenure = Tenure(event.started_at, bake_ends_at, awaits_requests=event.bake_requests > 0)
    # The backend keeps times in whole seconds, so nothing smaller can tell which of two updates came last.
    if facts.reapplied_at is not None and event.finished_at < facts.reapplied_at.replace(microsecond=0):
        # Recorded late: an operation of ours has already replaced what this deploy did.
        never_in_charge = replace(tenure, end=event.started_at, successor=facts.applied)
        return _with_version(facts, VersionFacts(event, never_in_charge, told_at))
    facts = _end_tenure(facts, event.started_at, successor=event.version)
    facts = _with_version(facts, VersionFacts(event, tenure, told_at))
    merged = facts.versions.get(facts.applied) if facts.keeping is not None and facts.applied is not None else None
    if merged is not None:
        facts = _with_version(facts, replace(merged, undone=None))
    return replace(
        facts,
        applied=event.version,
        recovered=False,
        keeping=None,
        in_charge=event.version,
        # Whatever the alarms do from now on, it says nothing about the rollback any more.
        verifying=None,
        unhelpful=None,
        last_failure=None,
        held=None,
        question=None,
    )


def _requests_reached(facts: Facts, event: RequestsReached, time: datetime) -> Facts:
    version = facts.versions.get(event.version)
    if version is None or not version.tenure.awaits_requests or version.tenure.end is not None:
        return facts
    # Until now the window was open.
    tenure = replace(version.tenure, awaits_requests=False, bake_ends_at=max(version.tenure.bake_ends_at, time))
    return _with_version(facts, replace(version, tenure=tenure))


def _weighed(facts: Facts, event: AlarmWorsened | AlarmExcused) -> Facts:
    version = facts.versions.get(event.version)
    if version is None:
        return facts
    if isinstance(event, AlarmWorsened):
        return _with_version(facts, replace(version, worsened=version.worsened | {event.alarm}))
    return _with_version(facts, replace(version, exonerated=version.exonerated | {event.alarm}))


def _answered(facts: Facts, event: Answered, entry: Entry) -> Facts:
    question = facts.question
    if question is None or question.answer is not None or question.asked.question != event.question:
        return facts
    return replace(facts, question=replace(question, answer=event, answered_by=entry.actor))


def _planned(facts: Facts, event: Planned) -> Facts:
    version = facts.versions.get(event.version)
    return facts if version is None else _with_version(facts, replace(version, way_back=event))


def _started(facts: Facts, event: RollbackStarted | RecoveryStarted, entry: Entry) -> Facts:
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


def _traffic_shifted(facts: Facts, event: TrafficShifted, time: datetime) -> Facts:
    operation = facts.operation
    if operation is None or operation.id != event.operation:
        return facts
    return replace(facts, operation=replace(operation, shifted=(*operation.shifted, event), last_activity_at=time))


def _taken_over(facts: Facts, event: TakenOver, entry: Entry) -> Facts:
    operation = facts.operation
    if operation is None or operation.id != event.operation:
        return facts
    taken = replace(operation, actor=entry.actor, taken_over_at=entry.time, last_activity_at=entry.time)
    return replace(facts, operation=taken)


def _rolled_back(facts: Facts, event: RolledBack, time: datetime) -> Facts:
    facts = _end_tenure(facts, time, successor=event.target)
    undone = facts.versions.get(event.undoes)
    if undone is not None:
        # A merged version goes on from where its first rollback left it: what was deployed since is kept again.
        merged = facts.keeping is not None and facts.applied == event.undoes
        how = undone.undone if merged else Undone(event.target, newest=facts.versions.last or event.undoes)
        facts = _with_version(facts, replace(undone, quarantine=event, released=None, undone=how))
    target = facts.versions.get(event.target)
    if target is not None:
        facts = _with_version(facts, replace(target, undone=None))
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


def _verified(facts: Facts, event: RollbackVerified, time: datetime) -> Facts:
    operation = facts.verifying
    if operation is None or operation.id != event.operation:
        return facts
    if event.helped:
        return replace(facts, verifying=None)
    # These went on ringing without it, so it isn't what makes them ring.
    blamed = facts.versions.get(operation.undoes) if operation.undoes is not None else None
    if blamed is not None:
        facts = _with_version(facts, replace(blamed, exonerated=blamed.exonerated.union(event.still_ringing)))
    return replace(facts, verifying=None, unhelpful=replace(operation, last_activity_at=time))


def _recovered(facts: Facts, event: Recovered, time: datetime) -> Facts:
    facts = _end_tenure(facts, time, successor=event.target)
    target = facts.versions.get(event.target)
    if target is not None:
        ringing = {name for name, alarm in facts.alarms.items() if alarm.state is AlarmState.ALARM}
        bake_ends_at = time + timedelta(seconds=target.deployed.bake_seconds)
        facts = _with_version(
            facts,
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


def _failed(facts: Facts, event: OperationFailed, time: datetime) -> Facts:
    ended = _ended(facts, event.operation, time)
    if ended is None:
        return facts
    return replace(facts, operation=None, last_failure=OperationFailure(ended, event.error, time))


def _released(facts: Facts, event: Released) -> Facts:
    version = facts.versions.get(event.version)
    if version is None or version.quarantine is None:
        return facts
    return replace(_with_version(facts, replace(version, quarantine=None, released=event)), held=None)


def _pruned(facts: Facts, event: Pruned, entry: Entry) -> Facts:
    for number in event.versions:
        version = facts.versions.get(number)
        if version is not None and version.pruned is None:
            facts = _with_version(facts, replace(version, pruned=Pruning(entry.time, entry.actor)))
    return facts


def _ended(facts: Facts, operation: str, time: datetime) -> Operation | None:
    """The operation in progress as it was at its end, when it is the one named."""
    if facts.operation is None or facts.operation.id != operation:
        return None
    return replace(facts.operation, last_activity_at=time)


def _end_tenure(facts: Facts, time: datetime, successor: int) -> Facts:
    if facts.in_charge is None:
        return facts
    version = facts.versions[facts.in_charge]
    ended = replace(version.tenure, end=max(time, version.tenure.start), successor=successor)
    return replace(_with_version(facts, replace(version, tenure=ended)), in_charge=None)


def _with_version(facts: Facts, version: VersionFacts) -> Facts:
    return replace(facts, versions=facts.versions.having(version.deployed.version, version))

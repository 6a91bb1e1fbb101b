"""What one more entry adds to the facts."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import reduce
from sys import maxsize
from typing import assert_never

from msgspec.structs import replace

from rollback_plugin.journal.apply_operations import (
    failed,
    recovered,
    rolled_back,
    started,
    taken_over,
    traffic_shifted,
    verified,
)
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
from rollback_plugin.journal.facts import Facts
from rollback_plugin.journal.operations import told_of_operation
from rollback_plugin.journal.status import Freeze, Pruning, Question
from rollback_plugin.journal.tenure import Tenure, VersionFacts


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
            return facts if judged is None else facts.with_version(replace(judged, evidence=event))
        case Detection() as event:
            version = facts.versions.get(event.version)
            return facts if version is None else facts.with_version(replace(version, detection=event))
        case AlarmChanged() as event:
            alarms = {**facts.alarms, event.alarm: event}
            if event.state is not AlarmState.ALARM:
                return replace(facts, alarms=alarms)
            return replace(facts, alarms=alarms, rang=facts.rang.having((event.since, entry.sequence), event))
        case AlarmWorsened() | AlarmExcused() as event:
            return _weighed(facts, event)
        case RollbackStarted() | RecoveryStarted() as event:
            return started(facts, event, entry)
        case TrafficShifted() as event:
            return traffic_shifted(facts, event, entry.time)
        case TakenOver() as event:
            return taken_over(facts, event, entry)
        case RolledBack() as event:
            return rolled_back(facts, event, entry.time)
        case RollbackVerified() as event:
            return verified(facts, event, entry.time)
        case Recovered() as event:
            return recovered(facts, event, entry.time)
        case OperationFailed() as event:
            return failed(facts, event, entry.time)
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
        return facts.with_version(VersionFacts(event, never_in_charge, told_at))
    facts = facts.with_tenure_ended(event.started_at, successor=event.version)
    facts = facts.with_version(VersionFacts(event, tenure, told_at))
    merged = facts.versions.get(facts.applied) if facts.keeping is not None and facts.applied is not None else None
    if merged is not None:
        facts = facts.with_version(replace(merged, undone=None))
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
    return facts.with_version(replace(version, tenure=tenure))


def _weighed(facts: Facts, event: AlarmWorsened | AlarmExcused) -> Facts:
    version = facts.versions.get(event.version)
    if version is None:
        return facts
    if isinstance(event, AlarmWorsened):
        return facts.with_version(replace(version, worsened=version.worsened | {event.alarm}))
    return facts.with_version(replace(version, exonerated=version.exonerated | {event.alarm}))


def _answered(facts: Facts, event: Answered, entry: Entry) -> Facts:
    question = facts.question
    if question is None or question.answer is not None or question.asked.question != event.question:
        return facts
    return replace(facts, question=replace(question, answer=event, answered_by=entry.actor))


def _planned(facts: Facts, event: Planned) -> Facts:
    version = facts.versions.get(event.version)
    return facts if version is None else facts.with_version(replace(version, way_back=event))


def _released(facts: Facts, event: Released) -> Facts:
    version = facts.versions.get(event.version)
    if version is None or version.quarantine is None:
        return facts
    return replace(facts.with_version(replace(version, quarantine=None, released=event)), held=None)


def _pruned(facts: Facts, event: Pruned, entry: Entry) -> Facts:
    for number in event.versions:
        version = facts.versions.get(number)
        if version is not None and version.pruned is None:
            facts = facts.with_version(replace(version, pruned=Pruning(entry.time, entry.actor)))
    return facts

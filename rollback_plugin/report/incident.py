"""How long each part of an incident took, read from the journal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rollback_plugin.journal import entries as journal


@dataclass(frozen=True, slots=True)
class IncidentTimes:
    """One rollback, from the first sign to its verification; recovery where there was one. All times in seconds.

    A part that did not happen is None. `detect_seconds` counts from `first_failure`, which only somebody
    outside the controller can know: a consumer.
    """

    operation: str
    undoes: int
    target: int
    helped: bool | None
    detect_seconds: float | None
    decide_seconds: float | None
    shift_seconds: float | None
    reapply_seconds: float | None
    verify_seconds: float | None
    recover_seconds: float | None
    recovered: int | None


def incidents(entries: Sequence[journal.Entry], first_failures: Sequence[datetime] = ()) -> tuple[IncidentTimes, ...]:
    """Every automatic or requested rollback in the journal, oldest first.

    `first_failures` are the moments consumers first saw a failure, one per incident; the last one before an
    incident's alarm is taken for it.
    """
    return tuple(
        _times(entries, position, event, first_failures)
        for position, event in ((i, e.event) for i, e in enumerate(entries))
        if isinstance(event, journal.RollbackStarted)
    )


def _times(
    entries: Sequence[journal.Entry],
    position: int,
    started: journal.RollbackStarted,
    first_failures: Sequence[datetime],
) -> IncidentTimes:
    started_at = entries[position].time
    alarm_at = _alarm_time(entries[:position], started.alarms)
    own = [e for e in entries[position:] if getattr(e.event, "operation", None) == started.operation]
    shifted_at = _first(own, journal.TrafficShifted)
    applied_at = _first(own, journal.RolledBack)
    verified = next((e for e in own if isinstance(e.event, journal.RollbackVerified)), None)
    recovery = _recovery(entries[position:], verified)
    failure_at = max((f for f in first_failures if alarm_at and f <= alarm_at), default=None)
    return IncidentTimes(
        operation=started.operation,
        undoes=started.undoes,
        target=started.target,
        helped=verified.event.helped if verified and isinstance(verified.event, journal.RollbackVerified) else None,
        detect_seconds=_between(failure_at, alarm_at),
        decide_seconds=_between(alarm_at, started_at),
        shift_seconds=_between(started_at, shifted_at),
        reapply_seconds=_between(shifted_at or started_at, applied_at),
        verify_seconds=_between(applied_at, verified.time if verified else None),
        recover_seconds=_between(recovery[0], recovery[1]) if recovery else None,
        recovered=recovery[2] if recovery else None,
    )


def _alarm_time(before: Sequence[journal.Entry], alarms: Iterable[str]) -> datetime | None:
    """When the first of the alarms that led to the rollback was seen ringing, last time it began to ring."""
    seen: dict[str, datetime] = {}
    for entry in before:
        if isinstance(entry.event, journal.AlarmChanged) and entry.event.alarm in set(alarms):
            if entry.event.state is journal.AlarmState.ALARM:
                seen[entry.event.alarm] = entry.time
            else:
                seen.pop(entry.event.alarm, None)
    return min(seen.values(), default=None)


def _first(
    entries: Sequence[journal.Entry], kind: type[journal.TrafficShifted | journal.RolledBack]
) -> datetime | None:
    return next((e.time for e in entries if isinstance(e.event, kind)), None)


def _recovery(after: Sequence[journal.Entry], verified: journal.Entry | None) -> tuple[datetime, datetime, int] | None:
    if verified is None:
        return None
    later = [e for e in after if e.sequence > verified.sequence]
    started = next((e for e in later if isinstance(e.event, journal.RecoveryStarted | journal.RollbackStarted)), None)
    if started is None or not isinstance(started.event, journal.RecoveryStarted):
        return None
    operation = started.event.operation
    for entry in later:
        if isinstance(entry.event, journal.Recovered) and entry.event.operation == operation:
            return started.time, entry.time, entry.event.target
    return None


def _between(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start).total_seconds() if start and end else None

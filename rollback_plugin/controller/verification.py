"""Whether a rollback helped: a pure function, as `decide` is.

It helped once no alarm that led to it rings any more; it did not if one of them still does `verify_seconds` after it.
An alarm that had rung before the deploy, and only got worse with it, need not fall silent: what counts is whether its
values are still much worse than before the deploy.

An alarm without data is neither: it counts as cleared after `verify_seconds` only if requests reached the service
meanwhile (a metric that is only sent for errors falls silent when they end; a service that nobody reaches falls silent
too, and that proves nothing). Alarms that went away with the version are not judged.
"""

from datetime import datetime
from enum import Enum, auto

from rollback_plugin.controller.attribution import Trend, of_a_fire, trend
from rollback_plugin.controller.decision import Action, Decision, named, wait
from rollback_plugin.controller.policy import StackPolicy
from rollback_plugin.journal.entries import AlarmState, ReasonCode
from rollback_plugin.journal.status import Operation, Status
from rollback_plugin.signals.signal import AlarmReading, Signal


class _Since(Enum):
    """What an alarm says of the time since the rollback."""

    CLEARED = auto()
    RINGS = auto()
    SILENT = auto()
    UNCLEAR = auto()
    """It rings as it did before the deploy, and there are too few values to tell whether for worse ones."""


def verify(status: Status, rollback: Operation, signal: Signal, policy: StackPolicy, now: datetime) -> Decision:
    """What to conclude about the rollback that awaits its verification."""
    rang_before = () if rollback.undoes is None else status.version(rollback.undoes).worsened_alarms
    judged = {
        reading.name: _since(reading, reading.name in rang_before)
        for reading in signal.alarms
        if reading.name in rollback.alarms
    }
    if not judged:
        return wait(
            ReasonCode.INSUFFICIENT_DATA,
            rollback.undoes,
            f"{named(rollback.alarms)} went with version {rollback.undoes}: its rollback can't be verified.",
            rollback.alarms,
        )
    left = tuple(name for name, since in judged.items() if since is not _Since.CLEARED)
    if not left:
        return _helped(rollback, tuple(judged), f"{named(tuple(judged))} cleared")
    ringing = tuple(name for name in left if judged[name] is _Since.RINGS)
    waited_seconds = int((now - rollback.last_activity_at).total_seconds())
    if waited_seconds < policy.verify_seconds:
        return wait(
            ReasonCode.VERIFYING,
            rollback.undoes,
            f"{named(ringing or left)} may take {policy.verify_seconds} s to clear; {waited_seconds} s have passed.",
            ringing or left,
        )
    if ringing:
        return Decision(
            Action.NOT_HELPED,
            ReasonCode.ROLLBACK_DID_NOT_HELP,
            rollback.undoes,
            None,
            f"{named(ringing)} still rings {waited_seconds} s after version {rollback.undoes} was rolled back:"
            " that version was not the cause.",
            ringing,
        )
    readings = {reading.name: reading for reading in signal.alarms}
    if all(judged[name] is _Since.SILENT and _served(readings[name], policy) for name in left):
        return _helped(rollback, tuple(judged), f"{named(left)} is without data, while requests came")
    return wait(
        ReasonCode.INSUFFICIENT_DATA,
        rollback.undoes,
        f"{named(left)} has too little data since the rollback to conclude anything from that.",
        left,
    )


def _since(reading: AlarmReading, rang_before: bool) -> _Since:
    match reading.state:
        case AlarmState.OK:
            return _Since.CLEARED
        case AlarmState.INSUFFICIENT_DATA:
            return _Since.SILENT
        case AlarmState.ALARM if rang_before:
            how = trend(of_a_fire(reading.baseline))
            return {Trend.WORSE: _Since.RINGS, Trend.NOT_WORSE: _Since.CLEARED, None: _Since.UNCLEAR}[how]
        case _:
            return _Since.RINGS


def _helped(rollback: Operation, alarms: tuple[str, ...], how: str) -> Decision:
    return Decision(
        Action.VERIFIED,
        ReasonCode.ALARM_CLEARED,
        rollback.undoes,
        None,
        f"Rolling back version {rollback.undoes} helped: {how}.",
        alarms,
    )


def _served(reading: AlarmReading, policy: StackPolicy) -> bool:
    return reading.requests is not None and reading.requests >= max(1, policy.requests_needed(reading.name))

"""What a stack's journal has for metrics and logs, entry by entry."""

from __future__ import annotations

from datetime import datetime

from rollback_plugin.journal.entries import (
    AlarmChanged,
    AlarmState,
    Entry,
    OperationFailed,
    RecoveryStarted,
    RollbackStarted,
    RolledBack,
    TrafficShifted,
)
from rollback_plugin.stack import StackName
from rollback_plugin.stored import plain
from rollback_plugin.telemetry.interface import Counter, Telemetry, Timing
from rollback_plugin.telemetry.log import Log

LOGGED = frozenset(
    {
        "after",
        "alarm",
        "alarms",
        "before",
        "helped",
        "holder",
        "keeping",
        "operation",
        "reason",
        "service",
        "state",
        "still_ringing",
        "succeeded",
        "target",
        "undoes",
        "verdict",
        "version",
    }
)
"""Fields of entries that are names, numbers and tokens. What is a sentence may quote the engine or a person, and stays
in the journal."""


class EntryMeter:
    """Hears of one stack's entries, and tells of those that this process wrote."""

    def __init__(self, stack: StackName, telemetry: Telemetry, log: Log) -> None:
        self._stack = str(stack)
        self._telemetry = telemetry
        self._log = log
        self._ringing: dict[str, datetime] = {}
        self._unanswered: dict[str, datetime] = {}
        """By operation, since when the alarm rings that nothing was done about yet."""

    def __call__(self, entry: Entry, *, written_here: bool) -> None:
        if written_here:
            self._tell(entry)
        self._measure(entry, written_here=written_here)

    def _tell(self, entry: Entry) -> None:
        event = entry.event
        fields = {name: value for name, value in plain(event).items() if name in LOGGED and value is not None}
        self._log.info("journal", stack=self._stack, sequence=entry.sequence, kind=event.event, **fields)
        match event:
            case RollbackStarted():
                self._telemetry.count(Counter.OPERATIONS, kind="rollback", reason=event.reason.value)
            case RecoveryStarted():
                self._telemetry.count(Counter.OPERATIONS, kind="recovery", reason=event.reason.value)
            case OperationFailed():
                self._telemetry.count(Counter.FAILED_OPERATIONS)
            case _:
                pass

    def _measure(self, entry: Entry, *, written_here: bool) -> None:
        match entry.event:
            case AlarmChanged(state=AlarmState.ALARM) as alarm:
                self._ringing[alarm.alarm] = alarm.since
            case AlarmChanged() as alarm:
                self._ringing.pop(alarm.alarm, None)
            case RollbackStarted() as started:
                since = [self._ringing[name] for name in started.alarms if name in self._ringing]
                if since:
                    self._unanswered[started.operation] = min(since)
            case TrafficShifted(operation=operation) | RolledBack(operation=operation):
                since_when = self._unanswered.pop(operation, None)
                if since_when is not None and written_here:
                    self._telemetry.record(Timing.ALARM_TO_FIRST_ACTION, (entry.time - since_when).total_seconds())
            case OperationFailed(operation=operation):
                self._unanswered.pop(operation, None)
            case _:
                pass

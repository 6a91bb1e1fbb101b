"""Journals told in a few words: what happened to a stack, minute by minute, as its entries."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from rollback_plugin.journal.entries import (
    AlarmChanged,
    AlarmState,
    Deployed,
    Entry,
    Event,
    Held,
    OperationFailed,
    ReasonCode,
    Recovered,
    RecoveryStarted,
    RollbackStarted,
    RollbackVerified,
    RolledBack,
)
from rollback_plugin.journal.fold import fold
from rollback_plugin.journal.status import Status
from rollback_plugin.signals.signal import AlarmObservation, AlarmReading, Signal

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BAKE_MINUTES = 10
UPDATE_MINUTES = 1


def at(minute: float) -> datetime:
    """The moment that many minutes after noon."""
    return NOON + timedelta(minutes=minute)


@dataclass
class Story:
    """A journal that grows; every method tells one thing that happened."""

    entries: list[Entry] = field(default_factory=list)

    def deploy(self, version: int, minute: float, *, succeeded: bool = True) -> "Story":
        """An update that began a minute before and ended now."""
        return self._tell(
            minute,
            Deployed(
                version=version,
                update=f"update-{version}",
                succeeded=succeeded,
                started_at=at(minute - UPDATE_MINUTES),
                finished_at=at(minute),
                content_digest=None,
                version_digest="",
                bake_seconds=BAKE_MINUTES * 60,
                alarms=("errors",),
            ),
        )

    def alarm(self, name: str, state: AlarmState, minute: float) -> "Story":
        return self._tell(minute, AlarmChanged(alarm=name, state=state, since=at(minute)))

    def ring(self, minute: float, name: str = "errors") -> "Story":
        return self.alarm(name, AlarmState.ALARM, minute)

    def clear(self, minute: float, name: str = "errors") -> "Story":
        return self.alarm(name, AlarmState.OK, minute)

    def begin_rollback(
        self,
        undoes: int,
        target: int,
        minute: float,
        *,
        reason: ReasonCode = ReasonCode.ALARM_AFTER_DEPLOY,
        alarms: tuple[str, ...] = ("errors",),
    ) -> "Story":
        return self._tell(
            minute, RollbackStarted(operation="op", undoes=undoes, target=target, reason=reason, alarms=alarms)
        )

    def finish_rollback(self, undoes: int, target: int, minute: float) -> "Story":
        return self._tell(minute, RolledBack(operation="op", undoes=undoes, target=target, update="u"))

    def roll_back(
        self,
        undoes: int,
        target: int,
        minute: float,
        *,
        reason: ReasonCode = ReasonCode.ALARM_AFTER_DEPLOY,
        alarms: tuple[str, ...] = ("errors",),
    ) -> "Story":
        self.begin_rollback(undoes, target, minute, reason=reason, alarms=alarms)
        return self.finish_rollback(undoes, target, minute)

    def verify(self, minute: float, *, helped: bool, still_ringing: tuple[str, ...] = ()) -> "Story":
        return self._tell(minute, RollbackVerified(operation="op", helped=helped, still_ringing=still_ringing))

    def recover(self, target: int, minute: float) -> "Story":
        self._tell(minute, RecoveryStarted(operation="rec", target=target, reason=ReasonCode.ROLLBACK_DID_NOT_HELP))
        return self._tell(minute, Recovered(operation="rec", target=target, update="u"))

    def hold(self, version: int, reason: ReasonCode, minute: float) -> "Story":
        return self._tell(minute, Held(version=version, reason=reason, explanation="held before"))

    def fail(self, minute: float) -> "Story":
        return self._tell(minute, OperationFailed(operation="op", error="the engine failed"))

    def status(self, minute: float) -> Status:
        return fold(self.entries, at(minute))

    def _tell(self, minute: float, event: Event) -> "Story":
        self.entries.append(
            Entry(sequence=len(self.entries) + 1, time=at(minute), actor="me@here:1", previous="", event=event)
        )
        return self


def reading(state: AlarmState, since_minute: float, name: str = "errors", requests: int | None = None) -> AlarmReading:
    return AlarmReading(AlarmObservation(name, state, at(since_minute)), requests)


def signal(*readings: AlarmReading) -> Signal:
    return Signal(tuple(readings))

"""Journals told in a few words: what happened to a stack, minute by minute, as its entries."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from rollback_plugin.journal.entries import (
    AlarmChanged,
    AlarmExcused,
    AlarmState,
    AlarmWorsened,
    Answered,
    Asked,
    Deployed,
    Entry,
    Event,
    FreezeBegan,
    FreezeEnded,
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
from rollback_plugin.signals.signal import AlarmConfiguration, AlarmObservation, AlarmReading, Baseline, Signal

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

    def deploy(
        self,
        version: int,
        minute: float,
        *,
        succeeded: bool = True,
        bake_requests: int = 0,
        kind: Literal["deploy", "destroy"] = "deploy",
    ) -> "Story":
        """An update that began a minute before and ended now."""
        return self._tell(
            minute,
            Deployed(
                version=version,
                kind=kind,
                update=f"update-{version}",
                succeeded=succeeded,
                started_at=at(minute - UPDATE_MINUTES),
                finished_at=at(minute),
                content_digest=None,
                version_digest="",
                bake_seconds=BAKE_MINUTES * 60,
                bake_requests=bake_requests,
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

    def worsen(self, version: int, minute: float, name: str = "errors") -> "Story":
        return self._tell(minute, AlarmWorsened(version=version, alarm=name, before=5, since=50))

    def excuse(self, version: int, minute: float, name: str = "errors") -> "Story":
        return self._tell(minute, AlarmExcused(version=version, alarm=name, before=5, since=5))

    def ask(
        self,
        version: int,
        target: int,
        minute: float,
        *,
        kind: Literal["rollback", "recovery"] = "rollback",
        alarms: tuple[str, ...] = ("errors",),
    ) -> "Story":
        because = ReasonCode.ALARM_AFTER_DEPLOY if kind == "rollback" else ReasonCode.ROLLBACK_DID_NOT_HELP
        asked = Asked(
            question="q",
            kind=kind,
            version=version,
            target=target,
            because=because,
            reason=ReasonCode.AUTOMATIC_ROLLBACK_OFF,
            alarms=alarms,
            explanation="shall it be?",
        )
        return self._tell(minute, asked)

    def answer(self, minute: float, *, approved: bool, question: str = "q") -> "Story":
        return self._tell(minute, Answered(question=question, approved=approved, explanation="because I say so"))

    def freeze(self, minute: float, *, until: float | None = None) -> "Story":
        return self._tell(minute, FreezeBegan(until=None if until is None else at(until), explanation="the fair"))

    def unfreeze(self, minute: float) -> "Story":
        return self._tell(minute, FreezeEnded())

    def fail(self, minute: float) -> "Story":
        return self._tell(minute, OperationFailed(operation="op", error="the engine failed"))

    def status(self, minute: float) -> Status:
        return fold(self.entries, at(minute))

    def _tell(self, minute: float, event: Event) -> "Story":
        self.entries.append(
            Entry(sequence=len(self.entries) + 1, time=at(minute), actor="me@here:1", previous="", event=event)
        )
        return self


def reading(
    state: AlarmState,
    since_minute: float,
    name: str = "errors",
    requests: int | None = None,
    *,
    muted: bool = False,
    claimed_by: str | None = None,
    baseline: Baseline | None = None,
    configuration: AlarmConfiguration = AlarmConfiguration.UNCHANGED,
) -> AlarmReading:
    return AlarmReading(
        AlarmObservation(name, state, at(since_minute), actions_enabled=not muted),
        requests,
        configuration=configuration,
        baseline=baseline,
        claimed_by=claimed_by,
    )


def values(before: Sequence[float], since: Sequence[float], *, higher_is_worse: bool = True) -> Baseline:
    """An alarm's values around a deploy; its threshold is 5."""
    return Baseline(tuple(before), tuple(since), higher_is_worse, threshold=5.0)


def signal(*readings: AlarmReading, deleted: tuple[str, ...] = ()) -> Signal:
    return Signal(tuple(readings), deleted)

"""Journals for tests, told in minutes after an arbitrary noon."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from rollback_plugin.journal.entries import (
    AlarmChanged,
    AlarmState,
    Asked,
    Deployed,
    Entry,
    Event,
    OperationFailed,
    ReasonCode,
    Recovered,
    RecoveryStarted,
    Released,
    RollbackStarted,
    RollbackVerified,
    RolledBack,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BAKE_MINUTES = 10


def minute(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def told(*happened: tuple[float, Event]) -> Sequence[Entry]:
    """Entries written at those minutes, in that order. `fold` doesn't look at the hashes, so there are none."""
    return [
        Entry(sequence=number, time=minute(at), actor="user@host:1", previous="", event=event)
        for number, (at, event) in enumerate(happened, start=1)
    ]


def deployed(
    version: int,
    started: float,
    *,
    finished: float | None = None,
    succeeded: bool = True,
    bake: float = BAKE_MINUTES,
    requests: int = 0,
) -> Deployed:
    """Its update takes no time, unless `finished` says so."""
    return Deployed(
        version=version,
        update=f"dev-{version}",
        succeeded=succeeded,
        started_at=minute(started),
        finished_at=minute(started if finished is None else finished),
        content_digest=f"content {version}",
        version_digest=f"version {version}",
        bake_seconds=int(bake * 60),
        bake_requests=requests,
        alarms=("errors", "latency"),
    )


def destroyed(version: int, started: float, *, succeeded: bool = True) -> Deployed:
    return replace(deployed(version, started, succeeded=succeeded), kind="destroy")


def rings(since: float, alarm: str = "errors") -> AlarmChanged:
    return AlarmChanged(alarm=alarm, state=AlarmState.ALARM, since=minute(since))


def calms(since: float, alarm: str = "errors") -> AlarmChanged:
    return AlarmChanged(alarm=alarm, state=AlarmState.OK, since=minute(since))


def rollback_started(undoes: int, target: int, operation: str = "op-1") -> RollbackStarted:
    return RollbackStarted(
        operation=operation,
        undoes=undoes,
        target=target,
        reason=ReasonCode.ALARM_AFTER_DEPLOY,
        alarms=("errors",),
    )


def rolled_back(undoes: int, target: int, operation: str = "op-1") -> RolledBack:
    return RolledBack(operation=operation, undoes=undoes, target=target, update=f"dev-{operation}")


def verified(*still_ringing: str, operation: str = "op-1") -> RollbackVerified:
    return RollbackVerified(operation=operation, helped=not still_ringing, still_ringing=still_ringing)


def recovery_started(target: int, operation: str = "op-2") -> RecoveryStarted:
    return RecoveryStarted(operation=operation, target=target, reason=ReasonCode.ROLLBACK_DID_NOT_HELP)


def recovered(target: int, operation: str = "op-2") -> Recovered:
    return Recovered(operation=operation, target=target, update=f"dev-{operation}")


def asked(version: int, question: str = "q") -> Asked:
    return Asked(
        question=question,
        kind="rollback",
        version=version,
        target=1,
        because=ReasonCode.ALARM_AFTER_DEPLOY,
        reason=ReasonCode.AUTOMATIC_ROLLBACK_OFF,
        alarms=("errors",),
        explanation="shall it be?",
    )


def failed(operation: str = "op-1") -> OperationFailed:
    return OperationFailed(operation=operation, error="the engine said no")


def released(version: int) -> Released:
    return Released(version=version, explanation="the dependency was at fault")

"""Journals as a test tells them: what happened, and how many seconds after the beginning."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from rollback_plugin.journal.entries import (
    AlarmChanged,
    AlarmState,
    Deployed,
    Entry,
    Event,
    ReasonCode,
    Recovered,
    RecoveryStarted,
    RollbackStarted,
    RollbackVerified,
    RolledBack,
    TrafficShifted,
)
from rollback_plugin.report.lines import Line

BEGINNING = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGINNING + timedelta(seconds=seconds)


def journal(*happened: tuple[float, Event]) -> tuple[Entry, ...]:
    return tuple(
        Entry(sequence=number, time=at(seconds), actor="test", previous="", event=event)
        for number, (seconds, event) in enumerate(happened, start=1)
    )


def deployed(
    version: int, seconds: float, bake_seconds: int = 10, alarms: tuple[str, ...] = ("error-rate",)
) -> tuple[float, Event]:
    return seconds, Deployed(
        version=version,
        update=f"update-{version}",
        succeeded=True,
        started_at=at(seconds - 3),
        finished_at=at(seconds),
        content_digest=f"digest-{version}",
        version_digest="",
        bake_seconds=bake_seconds,
        alarms=alarms,
    )


def alarm(state: AlarmState, seconds: float, name: str = "error-rate") -> tuple[float, Event]:
    return seconds, AlarmChanged(alarm=name, state=state, since=at(seconds - 1))


def rollback(
    operation: str, undoes: int, target: int, *, started: float, shifted: float, applied: float
) -> tuple[tuple[float, Event], ...]:
    reason = ReasonCode.ALARM_AFTER_DEPLOY
    return (
        (
            started,
            RollbackStarted(operation=operation, undoes=undoes, target=target, reason=reason, alarms=("error-rate",)),
        ),
        (shifted, TrafficShifted(operation=operation, service="orders", before=str(undoes), after=str(target))),
        (applied, RolledBack(operation=operation, undoes=undoes, target=target, update=f"update-{operation}")),
    )


def verified(operation: str, seconds: float, *, helped: bool) -> tuple[float, Event]:
    ringing = () if helped else ("error-rate",)
    return seconds, RollbackVerified(operation=operation, helped=helped, still_ringing=ringing)


def recovery(operation: str, target: int, *, started: float, applied: float) -> tuple[tuple[float, Event], ...]:
    reason = ReasonCode.ROLLBACK_DID_NOT_HELP
    return (
        (started, RecoveryStarted(operation=operation, target=target, reason=reason)),
        (applied, Recovered(operation=operation, target=target, update=f"update-{operation}")),
    )


def printed(lines: Iterable[Line]) -> list[str]:
    """What is read, without its styles."""
    return ["".join(span.text for span in line) for line in lines]

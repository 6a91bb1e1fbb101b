"""What to do about a stack: a pure function of its status, its alarms, its policy and the time.

The rules, in the order they are asked:

1. A rollback or recovery is under way: wait (whoever runs it, or finds it abandoned, ends it).
2. A rollback awaits its verification: it helped once every alarm that led to it is OK. It did not if one of them still
   rings `verify_seconds` after it. An alarm without data is neither; it counts as cleared after `verify_seconds` only
   if requests reached the service meanwhile (a metric that is only sent for errors falls silent when they end; a
   service that nobody reaches falls silent too, and that proves nothing). Alarms that went away with the version are
   not judged.
3. A rollback that did not help is followed by a recovery of the version it undid, where the policy lets it, and where
   no person had asked for the rollback.
4. An alarm rings that counts against the newest version (the fold says which do), with enough requests: roll back to
   the last healthy version, where the policy lets it, there is one, and no earlier attempt at this version failed.
5. Otherwise nothing is done, and the reason says why.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rollback_plugin.controller.policy import StackPolicy
from rollback_plugin.journal.entries import AlarmState, ReasonCode
from rollback_plugin.journal.status import Operation, Status, Verdict, VersionStatus
from rollback_plugin.signals.signal import AlarmReading, Signal


class Action(StrEnum):
    """What a decision asks for. `HOLD` is a `WAIT` that a person should know of: it is journaled, once."""

    WAIT = "WAIT"
    HOLD = "HOLD"
    ROLL_BACK = "ROLL_BACK"
    RECOVER = "RECOVER"
    VERIFIED = "VERIFIED"
    NOT_HELPED = "NOT_HELPED"


@dataclass(frozen=True, slots=True)
class Decision:
    """An action, why, and what it concerns."""

    action: Action
    reason: ReasonCode
    version: int | None
    """The version it is about; None while the stack has none."""
    target: int | None
    """The version to apply; None unless the action is ROLL_BACK or RECOVER."""
    explanation: str
    """One sentence for people."""
    alarms: tuple[str, ...] = ()
    """The alarms it rests on."""


def decide(status: Status, signal: Signal, policy: StackPolicy, now: datetime) -> Decision:
    """What to do now. Does nothing itself; the same arguments always give the same decision."""
    if status.newest is None:
        return _wait(ReasonCode.NO_ALARM, None, "Nothing was deployed yet.")
    if status.operation is not None:
        return _under_way(status.operation)
    if status.verifying is not None and status.verifying.alarms:
        return _verify(status.verifying, signal, policy, now)
    if status.unhelpful is not None:
        return _after_no_help(status, status.unhelpful, policy)
    return _judge(status, status.version(status.newest), signal, policy)


def _under_way(operation: Operation) -> Decision:
    return _wait(
        ReasonCode.OPERATION_IN_PROGRESS,
        operation.undoes,
        f"A {operation.kind} to version {operation.target} is under way ({operation.actor}).",
    )


def _verify(rollback: Operation, signal: Signal, policy: StackPolicy, now: datetime) -> Decision:
    judged = {reading.name: reading for reading in signal.alarms if reading.name in rollback.alarms}
    ringing = tuple(name for name, reading in judged.items() if reading.state is AlarmState.ALARM)
    silent = tuple(name for name, reading in judged.items() if reading.state is AlarmState.INSUFFICIENT_DATA)
    if not judged:
        return _wait(
            ReasonCode.INSUFFICIENT_DATA,
            rollback.undoes,
            f"{_named(rollback.alarms)} went with version {rollback.undoes}: its rollback can't be verified.",
            rollback.alarms,
        )
    if not ringing and not silent:
        return Decision(
            Action.VERIFIED,
            ReasonCode.ALARM_CLEARED,
            rollback.undoes,
            None,
            f"Rolling back version {rollback.undoes} helped: {_named(tuple(judged))} cleared.",
            tuple(judged),
        )
    waited_seconds = int((now - rollback.last_activity_at).total_seconds())
    if waited_seconds < policy.verify_seconds:
        return _wait(
            ReasonCode.VERIFYING,
            rollback.undoes,
            f"{_named(ringing or silent)} may take {policy.verify_seconds} s to clear; {waited_seconds} s have passed.",
            ringing or silent,
        )
    if ringing:
        return Decision(
            Action.NOT_HELPED,
            ReasonCode.ROLLBACK_DID_NOT_HELP,
            rollback.undoes,
            None,
            f"{_named(ringing)} still rings {waited_seconds} s after version {rollback.undoes} was rolled back:"
            " that version was not the cause.",
            ringing,
        )
    if all(_silent_while_served(judged[name], policy) for name in silent):
        return Decision(
            Action.VERIFIED,
            ReasonCode.ALARM_CLEARED,
            rollback.undoes,
            None,
            f"Rolling back version {rollback.undoes} helped: {_named(silent)} is without data, while requests came.",
            tuple(judged),
        )
    return _wait(
        ReasonCode.INSUFFICIENT_DATA,
        rollback.undoes,
        f"{_named(silent)} has no data since the rollback, and too few requests came to conclude anything from that.",
        silent,
    )


def _after_no_help(status: Status, rollback: Operation, policy: StackPolicy) -> Decision:
    undone = rollback.undoes
    if undone is None or rollback.reason is ReasonCode.REQUESTED:
        return _hold(
            ReasonCode.ROLLBACK_DID_NOT_HELP, undone, "The rollback that a person asked for did not clear its alarms."
        )
    if not policy.automatic_recovery:
        return _hold(
            ReasonCode.AUTOMATIC_RECOVERY_OFF,
            undone,
            f"Rolling back version {undone} did not help, and the policy leaves recovering it to a person.",
        )
    refused = _refused_before(status, undone)
    if refused is not None:
        return refused
    return Decision(
        Action.RECOVER,
        ReasonCode.ROLLBACK_DID_NOT_HELP,
        undone,
        undone,
        f"Rolling back did not help, so version {undone} was not the cause: it is applied again.",
        rollback.alarms,
    )


def _judge(status: Status, newest: VersionStatus, signal: Signal, policy: StackPolicy) -> Decision:
    ringing = signal.ringing()
    guilty = tuple(reading for reading in ringing if reading.name in newest.attributable_alarms)
    if guilty and status.applied == newest.number:
        return _answer_alarm(status, newest, guilty, policy)
    if ringing:
        return _not_attributable(status, newest, ringing)
    if newest.verdict is Verdict.FAILED:
        return _hold(
            ReasonCode.UPDATE_FAILED,
            newest.number,
            f"The update that made version {newest.number} failed half-way; a person decides how to go on.",
        )
    if signal.without_data() and newest.verdict is Verdict.BAKING:
        silent = tuple(reading.name for reading in signal.without_data())
        return _wait(ReasonCode.INSUFFICIENT_DATA, newest.number, f"{_named(silent)} has no data.", silent)
    return _wait(ReasonCode.NO_ALARM, newest.number, f"No alarm speaks against version {newest.number}.")


def _answer_alarm(
    status: Status, newest: VersionStatus, guilty: tuple[AlarmReading, ...], policy: StackPolicy
) -> Decision:
    number = newest.number
    conclusive = tuple(reading.name for reading in guilty if _enough_requests(reading, policy))
    if not conclusive:
        return _wait(
            ReasonCode.TOO_FEW_REQUESTS,
            number,
            "; ".join(_too_few(reading, policy) for reading in guilty),
            tuple(reading.name for reading in guilty),
        )
    if not policy.automatic_rollback:
        return _hold(
            ReasonCode.AUTOMATIC_ROLLBACK_OFF,
            number,
            f"{_named(conclusive)} speaks against version {number}; the policy leaves rolling back to a person.",
            conclusive,
        )
    refused = _refused_before(status, number)
    if refused is not None:
        return refused
    target = status.healthy_target()
    if target is None:
        return _hold(
            ReasonCode.NO_HEALTHY_VERSION,
            number,
            f"{_named(conclusive)} speaks against version {number}, and there is no healthy version to go back to.",
            conclusive,
        )
    return Decision(
        Action.ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        number,
        target,
        f"{_named(conclusive)} went off after version {number} was deployed; version {target} is the last healthy one.",
        conclusive,
    )


def _not_attributable(status: Status, newest: VersionStatus, ringing: tuple[AlarmReading, ...]) -> Decision:
    number = newest.number
    names = tuple(reading.name for reading in ringing)
    if status.applied != number:
        return _wait(
            ReasonCode.NOT_THE_NEWEST_VERSION,
            number,
            f"{_named(names)} rings while version {status.applied} is applied, which is not the newest.",
            names,
        )
    if any(name in newest.exonerated_alarms for name in names):
        return _wait(
            ReasonCode.ALARM_EXONERATED,
            number,
            f"{_named(names)} rang before version {number} was applied again: it does not count against it.",
            names,
        )
    if any(reading.alarm.since > newest.started_at for reading in ringing):
        return _wait(
            ReasonCode.ALARM_OUTSIDE_BAKE_WINDOW,
            number,
            f"{_named(names)} went off after the bake window of version {number} had ended.",
            names,
        )
    return _wait(
        ReasonCode.ALARM_BEFORE_DEPLOY,
        number,
        f"{_named(names)} was ringing before version {number} was deployed: it does not count against it.",
        names,
    )


def _refused_before(status: Status, version: int) -> Decision | None:
    """An attempt at this version that failed or was refused is a person's business from then on."""
    held = status.held
    if held is None or held.version != version or held.reason not in ENDS_AUTOMATION:
        return None
    return _hold(held.reason, version, held.explanation)


ENDS_AUTOMATION = frozenset({ReasonCode.PLAN_REFUSED, ReasonCode.OPERATION_FAILED})
"""Reasons to hold after which nothing is tried at the same version without a person."""


def _enough_requests(reading: AlarmReading, policy: StackPolicy) -> bool:
    needed = policy.requests_needed(reading.name)
    return needed == 0 or (reading.requests is not None and reading.requests >= needed)


def _silent_while_served(reading: AlarmReading, policy: StackPolicy) -> bool:
    return reading.requests is not None and reading.requests >= max(1, policy.requests_needed(reading.name))


def _too_few(reading: AlarmReading, policy: StackPolicy) -> str:
    counted = "an unknown number" if reading.requests is None else str(reading.requests)
    return f"`{reading.name}` rings after {counted} of the {policy.requests_needed(reading.name)} requests it takes"


def _named(alarms: tuple[str, ...]) -> str:
    return ", ".join(f"`{alarm}`" for alarm in alarms)


def _wait(reason: ReasonCode, version: int | None, explanation: str, alarms: tuple[str, ...] = ()) -> Decision:
    return Decision(Action.WAIT, reason, version, None, explanation, alarms)


def _hold(reason: ReasonCode, version: int | None, explanation: str, alarms: tuple[str, ...] = ()) -> Decision:
    return Decision(Action.HOLD, reason, version, None, explanation, alarms)

"""What to do about a stack: a pure function of its status, its alarms, its policy and the time.

The rules, in the order they are asked:

1. A rollback or recovery is under way: wait (whoever runs it, or finds it abandoned, ends it).
2. A person approved what was asked: do it.
3. A rollback awaits its verification: see `verification`.
4. A rollback that did not help is followed by a recovery of the version it undid, after the time the policy gives it,
   unless a person had asked for the rollback.
5. An alarm rings that counts against the newest version (the fold says which do), with enough requests: roll back to
   the last healthy version, where there is one, and no earlier attempt at this version failed. Where there is none,
   the policy may allow one that nothing speaks against. Alarms that people muted don't count, nor, for now, those that
   another stack is judged by first.
6. The newest update failed half-way: roll back, where the policy says so, as in 5.
7. Otherwise nothing is done, and the reason says why.

What 4 to 6 want is done only as far as `permission` goes: it may be held, or a person asked.
"""

from datetime import datetime

from rollback_plugin.controller.attribution import awaits_values
from rollback_plugin.controller.decision import Action, Decision, hold, named, wait
from rollback_plugin.controller.permission import approved, permitted
from rollback_plugin.controller.policy import StackPolicy
from rollback_plugin.controller.verification import verify
from rollback_plugin.journal.entries import ReasonCode
from rollback_plugin.journal.status import Operation, Status, Verdict, VersionStatus
from rollback_plugin.signals.signal import AlarmConfiguration, AlarmReading, Signal


def decide(status: Status, signal: Signal, policy: StackPolicy, now: datetime) -> Decision:
    """What to do now. Does nothing itself; the same arguments always give the same decision."""
    if status.newest is None:
        return wait(ReasonCode.NO_ALARM, None, "Nothing was deployed yet.")
    if status.operation is not None:
        return _under_way(status.operation)
    said_yes = approved(status)
    if said_yes is not None:
        return said_yes
    return permitted(_wanted(status, status.version(status.newest), signal, policy, now), status, policy, now)


def _under_way(operation: Operation) -> Decision:
    return wait(
        ReasonCode.OPERATION_IN_PROGRESS,
        operation.undoes,
        f"A {operation.kind} to version {operation.target} is under way ({operation.actor}).",
    )


def _wanted(status: Status, newest: VersionStatus, signal: Signal, policy: StackPolicy, now: datetime) -> Decision:
    if status.verifying is not None and status.verifying.alarms:
        return verify(status, status.verifying, signal, policy, now)
    if status.unhelpful is not None:
        return _after_no_help(status, status.unhelpful, policy, now)
    return _judge(status, newest, signal, policy)


def _after_no_help(status: Status, rollback: Operation, policy: StackPolicy, now: datetime) -> Decision:
    undone = rollback.undoes
    if undone is None or rollback.reason is ReasonCode.REQUESTED:
        return hold(
            ReasonCode.ROLLBACK_DID_NOT_HELP, undone, "The rollback that a person asked for did not clear its alarms."
        )
    refused = _refused_before(status, undone)
    if refused is not None:
        return refused
    waited_seconds = int((now - rollback.last_activity_at).total_seconds())
    if waited_seconds < policy.recover_after_seconds:
        return wait(
            ReasonCode.RECOVERY_DELAYED,
            undone,
            f"Rolling back version {undone} did not help; it is applied again {policy.recover_after_seconds} s after"
            f" that was seen, and {waited_seconds} s have passed.",
            rollback.alarms,
        )
    return Decision(
        Action.RECOVER,
        ReasonCode.ROLLBACK_DID_NOT_HELP,
        undone,
        undone,
        f"Rolling back did not help, so version {undone} was not the cause: it is applied again.",
        rollback.alarms,
    )


def _judge(status: Status, newest: VersionStatus, signal: Signal, policy: StackPolicy) -> Decision:
    number = newest.number
    ringing = tuple(reading for reading in signal.ringing() if reading.alarm.actions_enabled)
    if newest.kind == "destroy":
        return wait(ReasonCode.DESTROYED, number, f"Version {number} is a `pulumi destroy`, which nobody undoes.")
    guilty = tuple(reading for reading in ringing if reading.name in newest.attributable_alarms)
    if guilty and status.applied == number:
        return _answer_alarms(status, newest, guilty, policy)
    if newest.verdict is Verdict.FAILED and status.applied == number:
        return _answer_failed_update(status, newest, policy)
    if ringing:
        return _not_attributable(status, newest, ringing)
    return _quiet(newest, signal)


def _quiet(newest: VersionStatus, signal: Signal) -> Decision:
    number = newest.number
    muted = tuple(reading.name for reading in signal.ringing())
    if muted:
        return wait(ReasonCode.ALARM_MUTED, number, f"{named(muted)} rings, and its actions are disabled.", muted)
    if newest.verdict is Verdict.BAKING:
        if signal.deleted:
            return wait(
                ReasonCode.ALARM_DELETED,
                number,
                f"CloudWatch has no alarm {named(signal.deleted)}, so it can't speak against version {number}.",
                signal.deleted,
            )
        silent = tuple(reading.name for reading in signal.without_data())
        if silent:
            return wait(ReasonCode.INSUFFICIENT_DATA, number, f"{named(silent)} has no data.", silent)
    return wait(ReasonCode.NO_ALARM, number, f"No alarm speaks against version {number}.")


def _answer_alarms(
    status: Status, newest: VersionStatus, guilty: tuple[AlarmReading, ...], policy: StackPolicy
) -> Decision:
    number = newest.number
    ours = tuple(reading for reading in guilty if reading.claimed_by is None)
    if not ours:
        first = " and ".join(sorted({reading.claimed_by for reading in guilty if reading.claimed_by is not None}))
        names = tuple(reading.name for reading in guilty)
        return wait(
            ReasonCode.SHARED_ALARM,
            number,
            f"{named(names)} may be the doing of {first}, which is undone first.",
            names,
        )
    with_values = tuple(reading for reading in ours if not awaits_values(reading))
    if not with_values:
        names = tuple(reading.name for reading in ours)
        return wait(
            ReasonCode.INSUFFICIENT_DATA,
            number,
            f"{named(names)} was made or changed by version {number}, and has too few values since to count.",
            names,
        )
    conclusive = tuple(reading.name for reading in with_values if _enough_requests(reading, policy))
    if not conclusive:
        return wait(
            ReasonCode.TOO_FEW_REQUESTS,
            number,
            "; ".join(_too_few(reading, policy) for reading in with_values),
            tuple(reading.name for reading in with_values),
        )
    if set(conclusive) <= set(newest.worsened_alarms):
        reason, what = ReasonCode.ALARM_GOT_WORSE, f"got much worse with version {number}"
    else:
        reason, what = ReasonCode.ALARM_AFTER_DEPLOY, f"went off after version {number} was deployed"
    return _roll_back(status, number, policy, reason, f"{named(conclusive)} {what}", conclusive)


def _answer_failed_update(status: Status, newest: VersionStatus, policy: StackPolicy) -> Decision:
    number = newest.number
    what = f"The update that made version {number} failed half-way"
    if not policy.roll_back_failed_updates:
        return hold(ReasonCode.UPDATE_FAILED, number, f"{what}; a person decides how to go on.")
    return _roll_back(status, number, policy, ReasonCode.UPDATE_FAILED, what, ())


def _roll_back(
    status: Status, number: int, policy: StackPolicy, reason: ReasonCode, what: str, alarms: tuple[str, ...]
) -> Decision:
    refused = _refused_before(status, number)
    if refused is not None:
        return refused
    target, which = status.healthy_target(), "is the last healthy one"
    if target is None and policy.unproven_targets:
        target, which = status.unproven_target(), "is the newest that nothing speaks against"
    if target is None:
        return hold(
            ReasonCode.NO_HEALTHY_VERSION, number, f"{what}, and there is no healthy version to go back to.", alarms
        )
    return Decision(Action.ROLL_BACK, reason, number, target, f"{what}; version {target} {which}.", alarms)


def _not_attributable(status: Status, newest: VersionStatus, ringing: tuple[AlarmReading, ...]) -> Decision:
    number = newest.number
    names = tuple(reading.name for reading in ringing)
    if status.applied != number:
        return wait(
            ReasonCode.NOT_THE_NEWEST_VERSION,
            number,
            f"{named(names)} rings while version {status.applied} is applied, which is not the newest.",
            names,
        )
    exonerated = tuple(reading for reading in ringing if reading.name in newest.exonerated_alarms)
    if any(reading.configuration is not AlarmConfiguration.UNCHANGED for reading in exonerated):
        return wait(
            ReasonCode.ALARM_REDEFINED,
            number,
            f"{named(names)} was made or changed by version {number}, and its values are no worse than before.",
            names,
        )
    if exonerated:
        return wait(
            ReasonCode.ALARM_EXONERATED,
            number,
            f"{named(names)} rang before version {number} was applied again: it does not count against it.",
            names,
        )
    if any(reading.alarm.since > newest.started_at for reading in ringing):
        return wait(
            ReasonCode.ALARM_OUTSIDE_BAKE_WINDOW,
            number,
            f"{named(names)} went off after the bake window of version {number} had ended.",
            names,
        )
    return wait(
        ReasonCode.ALARM_BEFORE_DEPLOY,
        number,
        f"{named(names)} was ringing before version {number} was deployed: it does not count against it.",
        names,
    )


def _refused_before(status: Status, version: int) -> Decision | None:
    """An attempt at this version that failed or was refused is a person's business from then on."""
    held = status.held
    if held is None or held.version != version or held.reason not in ENDS_AUTOMATION:
        return None
    return hold(held.reason, version, held.explanation)


ENDS_AUTOMATION = frozenset({ReasonCode.PLAN_REFUSED, ReasonCode.OPERATION_FAILED})
"""Reasons to hold after which nothing is tried at the same version without a person."""


def _enough_requests(reading: AlarmReading, policy: StackPolicy) -> bool:
    needed = policy.requests_needed(reading.name)
    return needed == 0 or (reading.requests is not None and reading.requests >= needed)


def _too_few(reading: AlarmReading, policy: StackPolicy) -> str:
    counted = "an unknown number" if reading.requests is None else str(reading.requests)
    return f"`{reading.name}` rings after {counted} of the {policy.requests_needed(reading.name)} requests it takes"

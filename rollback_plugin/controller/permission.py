"""Whether what the rules want may be done without a person: a pure function, as `decide` is.

The policy and the journal are asked in this order; the first that objects has the say:

1. Frozen: nothing is done. (`rollback freeze`; a person's own `undo` and `recover` still are.)
2. Denied: what a person said no to isn't asked again until the next deploy, unless further alarms speak for it.
3. The policy wants a person asked: always, in quiet hours, or after so many rollbacks in 24 hours. In quiet hours it is
   asked, not held: whoever is awake can say yes; when they end and the alarm still rings, it is done without.
"""

from datetime import datetime, timedelta
from typing import Literal

from rollback_plugin.controller.decision import Action, Decision, hold
from rollback_plugin.controller.policy import StackPolicy
from rollback_plugin.journal.entries import ReasonCode
from rollback_plugin.journal.status import Freeze, Question, Status

A_DAY = timedelta(hours=24)


def permitted(decision: Decision, status: Status, policy: StackPolicy, now: datetime) -> Decision:
    """The decision, where it may be carried out or does nothing anyway; otherwise to hold, or to ask."""
    if decision.action not in (Action.ROLL_BACK, Action.RECOVER):
        return decision
    if status.freeze is not None:
        return hold(
            ReasonCode.FROZEN,
            decision.version,
            f"{decision.explanation} {_frozen(status.freeze)}",
            decision.alarms,
        )
    question = _question_about(decision, status)
    if question is not None and question.answer is not None and not question.answer.approved:
        why = f": {question.answer.explanation}" if question.answer.explanation else ""
        explanation = f"{decision.explanation} {question.answered_by} said no{why}."
        return hold(ReasonCode.DENIED, decision.version, explanation, decision.alarms)
    objection = _objection(decision, status, policy, now)
    if objection is None:
        return decision
    reason, why = objection
    return Decision(
        Action.ASK,
        reason,
        decision.version,
        None,
        f"{decision.explanation} {why} Answer with `rollback approve` or `rollback deny`.",
        decision.alarms,
        wanted=decision,
    )


def approved(status: Status) -> Decision | None:
    """What a person said yes to and nobody has begun yet; None where there is nothing of the kind."""
    question = status.question
    if question is None or question.answer is None or not question.answer.approved:
        return None
    asked = question.asked
    return Decision(
        Action.ROLL_BACK if asked.kind == "rollback" else Action.RECOVER,
        asked.because,
        asked.version,
        asked.target,
        f"{question.answered_by} approved the {asked.kind} to version {asked.target}.",
        asked.alarms,
    )


def _question_about(decision: Decision, status: Status) -> Question | None:
    kind: Literal["rollback", "recovery"] = "rollback" if decision.action is Action.ROLL_BACK else "recovery"
    question = status.question
    return question if question is not None and question.covers(kind, decision.version, decision.alarms) else None


def _objection(decision: Decision, status: Status, policy: StackPolicy, now: datetime) -> tuple[ReasonCode, str] | None:
    if decision.action is Action.ROLL_BACK and not policy.automatic_rollback:
        return ReasonCode.AUTOMATIC_ROLLBACK_OFF, "The policy leaves that to a person."
    if decision.action is Action.RECOVER and not policy.automatic_recovery:
        return ReasonCode.AUTOMATIC_RECOVERY_OFF, "The policy leaves that to a person."
    quiet = next((hours for hours in policy.quiet_hours if hours.cover(now)), None)
    if quiet is not None:
        return ReasonCode.QUIET_HOURS, f"These are quiet hours ({quiet})."
    limit = policy.maximum_rollbacks_per_day
    if decision.action is Action.ROLL_BACK and limit is not None:
        recent = sum(began > now - A_DAY for began in status.automatic_rollbacks)
        if recent >= limit:
            return (
                ReasonCode.ROLLBACK_LIMIT,
                f"There were {recent} rollbacks in the last 24 hours, {limit} are allowed.",
            )
    return None


def _frozen(freeze: Freeze) -> str:
    until = "" if freeze.began.until is None else f" until {freeze.began.until:%Y-%m-%d %H:%M} UTC"
    return f"The stack is frozen{until} ({freeze.by}); `rollback unfreeze` ends that."

"""What is decided, case by case: one row is one situation, and the decision it calls for."""

from dataclasses import dataclass

import pytest

from rollback_plugin.controller.decide import Action, decide
from rollback_plugin.controller.policy import StackPolicy
from rollback_plugin.journal.entries import AlarmState, ReasonCode
from rollback_plugin.signals.signal import Signal
from tests.unit.controller.stories import Story, at, reading, signal

OK, ALARM, NO_DATA = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA
QUIET = signal(reading(OK, 0))
AUTOMATIC = StackPolicy(verify_seconds=180)


@dataclass(frozen=True)
class Case:
    """Given a journal, alarms and a policy, at a minute: the action, its reason and its target."""

    given: str
    story: Story
    alarms: Signal
    minute: float
    action: Action
    reason: ReasonCode
    target: int | None = None
    version: int | None = 2
    policy: StackPolicy = AUTOMATIC

    def __str__(self) -> str:
        return self.given


def healthy_then_new() -> Story:
    """Version 1 healthy for long; version 2 deployed at minute 30, its update begun at 29, its bake over at 40."""
    return Story().deploy(1, 0).deploy(2, 30)


def rolled_back(alarm_minute: float = 32) -> Story:
    """Version 2 rang, and was rolled back at minute 33."""
    return healthy_then_new().ring(alarm_minute).roll_back(2, 1, 33)


def did_not_help() -> Story:
    return rolled_back().verify(37, helped=False, still_ringing=("errors",))


RINGING = signal(reading(ALARM, 32))

CASES = [
    Case("nothing deployed", Story(), signal(), 0, Action.WAIT, ReasonCode.NO_ALARM, version=None),
    Case("a quiet bake", healthy_then_new(), QUIET, 35, Action.WAIT, ReasonCode.NO_ALARM),
    Case("a stack without alarms", healthy_then_new(), signal(), 35, Action.WAIT, ReasonCode.NO_ALARM),
    Case(
        "an alarm without data while baking",
        healthy_then_new(),
        signal(reading(NO_DATA, 30)),
        35,
        Action.WAIT,
        ReasonCode.INSUFFICIENT_DATA,
    ),
    Case(
        "an alarm in the bake window",
        healthy_then_new().ring(32),
        RINGING,
        32,
        Action.ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
    ),
    Case(
        "an alarm at the very end of the bake window",
        healthy_then_new().ring(40),
        signal(reading(ALARM, 40)),
        40,
        Action.ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
    ),
    Case(
        "an alarm in the bake window, seen only after it",
        healthy_then_new().ring(39),
        signal(reading(ALARM, 39)),
        50,
        Action.ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
    ),
    Case(
        "an alarm while the update still ran",
        Story().deploy(1, 0).ring(29.5).deploy(2, 30),
        signal(reading(ALARM, 29.5)),
        30,
        Action.ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
    ),
    Case(
        "an alarm that cleared by itself",
        healthy_then_new().ring(32).clear(34),
        signal(reading(OK, 34)),
        35,
        Action.WAIT,
        ReasonCode.NO_ALARM,
    ),
    Case(
        "an alarm that was ringing before: a fix deployed into a fire",
        Story().deploy(1, 0).ring(25).deploy(2, 30),
        signal(reading(ALARM, 25)),
        31,
        Action.WAIT,
        ReasonCode.ALARM_BEFORE_DEPLOY,
    ),
    Case(
        "one alarm that was ringing before, and a new one",
        Story().deploy(1, 0).ring(25).deploy(2, 30).ring(32, "latency"),
        signal(reading(ALARM, 25), reading(ALARM, 32, "latency")),
        32,
        Action.ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
    ),
    Case(
        "an alarm after the bake window",
        healthy_then_new().ring(40.1),
        signal(reading(ALARM, 40.1)),
        41,
        Action.WAIT,
        ReasonCode.ALARM_OUTSIDE_BAKE_WINDOW,
    ),
    Case(
        "an alarm on the only version",
        Story().deploy(1, 0).ring(5),
        signal(reading(ALARM, 5)),
        5,
        Action.HOLD,
        ReasonCode.NO_HEALTHY_VERSION,
        version=1,
    ),
    Case(
        "an alarm on a version whose predecessor never finished its bake",
        Story().deploy(1, 0).deploy(2, 5).ring(7),
        signal(reading(ALARM, 7)),
        7,
        Action.HOLD,
        ReasonCode.NO_HEALTHY_VERSION,
    ),
    Case(
        "an alarm on version 3, when only version 1 had passed its bake",
        Story().deploy(1, 0).deploy(2, 30).deploy(3, 35).ring(36),
        signal(reading(ALARM, 36)),
        36,
        Action.ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
        version=3,
    ),
    Case(
        "an alarm on version 3, when version 2 was rolled back",
        rolled_back().clear(34).verify(34, helped=True).deploy(3, 50).ring(52),
        signal(reading(ALARM, 52)),
        52,
        Action.ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
        version=3,
    ),
    Case(
        "too few requests",
        healthy_then_new().ring(32),
        signal(reading(ALARM, 32, requests=19)),
        32,
        Action.WAIT,
        ReasonCode.TOO_FEW_REQUESTS,
        policy=StackPolicy(minimum_requests={"errors": 20}),
    ),
    Case(
        "requests that nobody counts, where a minimum is asked for",
        healthy_then_new().ring(32),
        RINGING,
        32,
        Action.WAIT,
        ReasonCode.TOO_FEW_REQUESTS,
        policy=StackPolicy(minimum_requests={"errors": 1}),
    ),
    Case(
        "just enough requests",
        healthy_then_new().ring(32),
        signal(reading(ALARM, 32, requests=20)),
        32,
        Action.ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
        policy=StackPolicy(minimum_requests={"errors": 20}),
    ),
    Case(
        "enough requests for one of two alarms",
        healthy_then_new().ring(32).ring(32, "rare"),
        signal(reading(ALARM, 32, requests=5), reading(ALARM, 32, "rare", requests=5)),
        32,
        Action.ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
        policy=StackPolicy(minimum_requests={"errors": 5, "rare": 100}),
    ),
    Case(
        "a policy without automatic rollback",
        healthy_then_new().ring(32),
        RINGING,
        32,
        Action.HOLD,
        ReasonCode.AUTOMATIC_ROLLBACK_OFF,
        policy=StackPolicy(automatic_rollback=False),
    ),
    Case(
        "a plan that refused before",
        healthy_then_new().ring(32).begin_rollback(2, 1, 32).fail(33).hold(2, ReasonCode.PLAN_REFUSED, 33),
        RINGING,
        34,
        Action.HOLD,
        ReasonCode.PLAN_REFUSED,
    ),
    Case(
        "a rollback that failed before",
        healthy_then_new().ring(32).begin_rollback(2, 1, 32).fail(33).hold(2, ReasonCode.OPERATION_FAILED, 33),
        RINGING,
        34,
        Action.HOLD,
        ReasonCode.OPERATION_FAILED,
    ),
    Case(
        "a rollback of another version that failed before",
        healthy_then_new().ring(32).hold(1, ReasonCode.OPERATION_FAILED, 33),
        RINGING,
        34,
        Action.ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
    ),
    Case(
        "a rollback under way",
        healthy_then_new().ring(32).begin_rollback(2, 1, 32),
        RINGING,
        33,
        Action.WAIT,
        ReasonCode.OPERATION_IN_PROGRESS,
    ),
    Case(
        "a failed update",
        Story().deploy(1, 0).deploy(2, 30, succeeded=False),
        QUIET,
        31,
        Action.HOLD,
        ReasonCode.UPDATE_FAILED,
    ),
    Case(
        "a failed update that made an alarm ring",
        Story().deploy(1, 0).deploy(2, 30, succeeded=False).ring(31),
        signal(reading(ALARM, 31)),
        31,
        Action.ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
    ),
    Case(
        "after a rollback, alarm OK",
        rolled_back().clear(34),
        signal(reading(OK, 34)),
        34,
        Action.VERIFIED,
        ReasonCode.ALARM_CLEARED,
    ),
    Case(
        "after a rollback, still ringing but in time", rolled_back(), RINGING, 35.9, Action.WAIT, ReasonCode.VERIFYING
    ),
    Case(
        "after a rollback, no data yet, in time",
        rolled_back().alarm("errors", NO_DATA, 34),
        signal(reading(NO_DATA, 34, requests=100)),
        35,
        Action.WAIT,
        ReasonCode.VERIFYING,
    ),
    Case(
        "after a rollback, still ringing when its time is up",
        rolled_back(),
        RINGING,
        36,
        Action.NOT_HELPED,
        ReasonCode.ROLLBACK_DID_NOT_HELP,
    ),
    Case(
        "after a rollback, no data while requests came",
        rolled_back().alarm("errors", NO_DATA, 34),
        signal(reading(NO_DATA, 34, requests=1)),
        36,
        Action.VERIFIED,
        ReasonCode.ALARM_CLEARED,
    ),
    Case(
        "after a rollback, no data and no requests",
        rolled_back().alarm("errors", NO_DATA, 34),
        signal(reading(NO_DATA, 34, requests=0)),
        600,
        Action.WAIT,
        ReasonCode.INSUFFICIENT_DATA,
    ),
    Case(
        "after a rollback, no data and nobody counts requests",
        rolled_back().alarm("errors", NO_DATA, 34),
        signal(reading(NO_DATA, 34)),
        600,
        Action.WAIT,
        ReasonCode.INSUFFICIENT_DATA,
    ),
    Case(
        "after a rollback, its alarm gone with the version",
        rolled_back(),
        signal(),
        600,
        Action.WAIT,
        ReasonCode.INSUFFICIENT_DATA,
    ),
    Case(
        "after a rollback, another alarm rings",
        rolled_back().clear(34).ring(34, "latency"),
        signal(reading(OK, 34), reading(ALARM, 34, "latency")),
        34,
        Action.VERIFIED,
        ReasonCode.ALARM_CLEARED,
    ),
    Case(
        "after a verified rollback, the alarm rings again",
        rolled_back().clear(34).verify(34, helped=True).ring(60),
        signal(reading(ALARM, 60)),
        60,
        Action.WAIT,
        ReasonCode.NOT_THE_NEWEST_VERSION,
    ),
    Case(
        "after a verified rollback, quiet",
        rolled_back().clear(34).verify(34, helped=True),
        QUIET,
        60,
        Action.WAIT,
        ReasonCode.NO_ALARM,
    ),
    Case(
        "a rollback that did not help",
        did_not_help(),
        RINGING,
        37,
        Action.RECOVER,
        ReasonCode.ROLLBACK_DID_NOT_HELP,
        target=2,
    ),
    Case(
        "a rollback that did not help, and no automatic recovery",
        did_not_help(),
        RINGING,
        37,
        Action.HOLD,
        ReasonCode.AUTOMATIC_RECOVERY_OFF,
        policy=StackPolicy(automatic_recovery=False),
    ),
    Case(
        "a rollback that did not help, and a recovery that failed before",
        did_not_help().hold(2, ReasonCode.OPERATION_FAILED, 38),
        RINGING,
        39,
        Action.HOLD,
        ReasonCode.OPERATION_FAILED,
    ),
    Case(
        "a rollback asked for by a person that did not help",
        healthy_then_new()
        .ring(32)
        .roll_back(2, 1, 33, reason=ReasonCode.REQUESTED)
        .verify(37, helped=False, still_ringing=("errors",)),
        RINGING,
        37,
        Action.HOLD,
        ReasonCode.ROLLBACK_DID_NOT_HELP,
    ),
    Case(
        "a rollback asked for by a person, with no alarm to judge it by",
        healthy_then_new().roll_back(2, 1, 33, reason=ReasonCode.REQUESTED, alarms=()),
        QUIET,
        600,
        Action.WAIT,
        ReasonCode.NO_ALARM,
    ),
    Case(
        "after a recovery, the alarm still rings",
        did_not_help().recover(2, 38),
        RINGING,
        39,
        Action.WAIT,
        ReasonCode.ALARM_EXONERATED,
    ),
    Case(
        "after a recovery, the exonerated alarm rings anew",
        did_not_help().recover(2, 38).clear(40).ring(41),
        signal(reading(ALARM, 41)),
        41,
        Action.WAIT,
        ReasonCode.ALARM_EXONERATED,
    ),
    Case(
        "after a recovery, another alarm rings",
        did_not_help().recover(2, 38).ring(40, "latency"),
        signal(reading(ALARM, 40, "latency")),
        40,
        Action.ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_given_then(case: Case) -> None:
    decision = decide(case.story.status(case.minute), case.alarms, case.policy, at(case.minute))

    assert (decision.action, decision.reason, decision.target, decision.version) == (
        case.action,
        case.reason,
        case.target,
        case.version,
    )


def test_every_reason_that_can_be_decided_has_a_case() -> None:
    """REQUESTED is a person's reason; it is in the journal only."""
    assert {case.reason for case in CASES} == set(ReasonCode) - {ReasonCode.REQUESTED}


def test_every_action_has_a_case() -> None:
    assert {case.action for case in CASES} == set(Action)


def test_a_decision_names_only_the_alarms_it_rests_on() -> None:
    story = Story().deploy(1, 0).ring(25).deploy(2, 30).ring(32, "latency")
    alarms = signal(reading(ALARM, 25), reading(ALARM, 32, "latency"), reading(OK, 0, "traffic"))

    decision = decide(story.status(32), alarms, AUTOMATIC, at(32))

    assert decision.alarms == ("latency",)

"""What may be done without a person: one row is one situation, and the decision it calls for."""

from datetime import time
from zoneinfo import ZoneInfo

import pytest

from rollback_plugin.controller.decision import Action
from rollback_plugin.controller.policy import StackPolicy
from rollback_plugin.controller.quiet_hours import QuietHours
from rollback_plugin.journal.entries import ReasonCode
from tests.unit.controller.cases import (
    ALARM,
    QUIET,
    RINGING,
    Case,
    assert_decided,
    did_not_help,
    healthy_then_new,
)
from tests.unit.controller.stories import Story, reading, signal

ASKING = StackPolicy(automatic_rollback=False, automatic_recovery=False)
ONE_A_DAY = StackPolicy(maximum_rollbacks_per_day=1)
AT_LUNCH = StackPolicy(quiet_hours=(QuietHours(time(12), time(13), ZoneInfo("UTC")),))
"""Stories begin at noon, UTC."""
DAY = 24 * 60
ROLL_BACK, RECOVER, WAIT, HOLD, ASK = Action.ROLL_BACK, Action.RECOVER, Action.WAIT, Action.HOLD, Action.ASK


def ringing() -> Story:
    return healthy_then_new().ring(32)


def rolled_back_and_ringing_again(minute: float) -> Story:
    """Version 2 was rolled back at minute 33; version 3, deployed two minutes ago, rings."""
    story = healthy_then_new().ring(32).roll_back(2, 1, 33).clear(34).verify(34, helped=True)
    return story.deploy(3, minute - 2).ring(minute)


PERMISSIONS = [
    Case("asked already", ringing().ask(2, 1, 32), RINGING, 33, ASK, ReasonCode.AUTOMATIC_ROLLBACK_OFF, policy=ASKING),
    Case(
        "approved",
        ringing().ask(2, 1, 32).answer(34, approved=True),
        RINGING,
        34,
        ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
        policy=ASKING,
    ),
    Case(
        "approved, and the alarm has cleared meanwhile",
        ringing().ask(2, 1, 32).clear(33).answer(34, approved=True),
        QUIET,
        34,
        ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
        policy=ASKING,
    ),
    Case(
        "approved, and nothing may be asked any more",
        ringing().ask(2, 1, 32).answer(34, approved=True).deploy(3, 36),
        RINGING,
        37,
        WAIT,
        ReasonCode.ALARM_BEFORE_DEPLOY,
        version=3,
        policy=ASKING,
    ),
    Case(
        "denied",
        ringing().ask(2, 1, 32).answer(34, approved=False),
        RINGING,
        34,
        HOLD,
        ReasonCode.DENIED,
        policy=ASKING,
    ),
    Case(
        "denied, and the policy asks no more",
        ringing().ask(2, 1, 32).answer(34, approved=False),
        RINGING,
        34,
        HOLD,
        ReasonCode.DENIED,
    ),
    Case(
        "denied, and another alarm speaks for it, too",
        ringing().ask(2, 1, 32).answer(34, approved=False).ring(35, "latency"),
        signal(reading(ALARM, 32), reading(ALARM, 35, "latency")),
        35,
        ASK,
        ReasonCode.AUTOMATIC_ROLLBACK_OFF,
        policy=ASKING,
    ),
    Case(
        "an answer to another question",
        ringing().ask(2, 1, 32).answer(34, approved=True, question="another"),
        RINGING,
        34,
        ASK,
        ReasonCode.AUTOMATIC_ROLLBACK_OFF,
        policy=ASKING,
    ),
    Case(
        "denied, then approved: the first answer counts",
        ringing().ask(2, 1, 32).answer(34, approved=False).answer(35, approved=True),
        RINGING,
        35,
        HOLD,
        ReasonCode.DENIED,
        policy=ASKING,
    ),
    Case(
        "a recovery, approved",
        did_not_help().ask(2, 2, 37, kind="recovery").answer(38, approved=True),
        RINGING,
        38,
        RECOVER,
        ReasonCode.ROLLBACK_DID_NOT_HELP,
        target=2,
        policy=ASKING,
    ),
    Case("frozen", ringing().freeze(20), RINGING, 32, HOLD, ReasonCode.FROZEN),
    Case("frozen, and a recovery is due", did_not_help().freeze(37), RINGING, 38, HOLD, ReasonCode.FROZEN),
    Case("frozen, and nothing to do", healthy_then_new().freeze(20), QUIET, 32, WAIT, ReasonCode.NO_ALARM),
    Case(
        "frozen until later",
        ringing().freeze(20, until=33),
        RINGING,
        32.9,
        HOLD,
        ReasonCode.FROZEN,
    ),
    Case(
        "frozen until now",
        ringing().freeze(20, until=33),
        RINGING,
        33,
        ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
    ),
    Case(
        "not frozen any more",
        ringing().freeze(20).unfreeze(33),
        RINGING,
        33,
        ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
    ),
    Case(
        "approved, and frozen before it was begun",
        ringing().ask(2, 1, 32).answer(33, approved=True).freeze(33),
        RINGING,
        34,
        HOLD,
        ReasonCode.FROZEN,
        policy=ASKING,
    ),
    Case("quiet hours", ringing(), RINGING, 32, ASK, ReasonCode.QUIET_HOURS, policy=AT_LUNCH),
    Case(
        "quiet hours, and a recovery is due", did_not_help(), RINGING, 38, ASK, ReasonCode.QUIET_HOURS, policy=AT_LUNCH
    ),
    Case(
        "quiet hours are over, and nobody answered",
        ringing().ask(2, 1, 32),
        RINGING,
        60,
        ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
        policy=AT_LUNCH,
    ),
    Case(
        "the day's first rollback",
        ringing(),
        RINGING,
        32,
        ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
        policy=ONE_A_DAY,
    ),
    Case(
        "the day's second rollback",
        rolled_back_and_ringing_again(600),
        signal(reading(ALARM, 600)),
        600,
        ASK,
        ReasonCode.ROLLBACK_LIMIT,
        version=3,
        policy=ONE_A_DAY,
    ),
    Case(
        "the next rollback, a day later",
        rolled_back_and_ringing_again(33 + DAY),
        signal(reading(ALARM, 33 + DAY)),
        33 + DAY,
        ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
        version=3,
        policy=ONE_A_DAY,
    ),
    Case(
        "the day's first rollback that no person asked for",
        healthy_then_new().roll_back(2, 1, 33, reason=ReasonCode.REQUESTED, alarms=()).deploy(3, 60).ring(61),
        signal(reading(ALARM, 61)),
        61,
        ROLL_BACK,
        ReasonCode.ALARM_AFTER_DEPLOY,
        target=1,
        version=3,
        policy=ONE_A_DAY,
    ),
    Case(
        "a recovery is no rollback",
        did_not_help(),
        RINGING,
        38,
        RECOVER,
        ReasonCode.ROLLBACK_DID_NOT_HELP,
        target=2,
        policy=ONE_A_DAY,
    ),
]


@pytest.mark.parametrize("case", PERMISSIONS, ids=str)
def test_given_then(case: Case) -> None:
    assert_decided(case)

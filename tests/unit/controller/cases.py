"""Situations for `decide`, one row each."""

from dataclasses import dataclass

from rollback_plugin.controller.decide import decide
from rollback_plugin.controller.decision import Action
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


def assert_decided(case: Case) -> None:
    decision = decide(case.story.status(case.minute), case.alarms, case.policy, at(case.minute))

    found = (decision.action, decision.reason, decision.target, decision.version)
    assert found == (case.action, case.reason, case.target, case.version)

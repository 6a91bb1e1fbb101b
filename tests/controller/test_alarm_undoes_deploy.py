"""From a ringing alarm to a verdict, with a real engine, real requests, real metrics and a real alarm."""

import pytest

from rollback_plugin.controller.decision import Action
from rollback_plugin.journal.entries import AlarmState, ReasonCode
from rollback_plugin.journal.status import Status, Verdict
from tests.controller.platform import Platform

pytestmark = pytest.mark.engine


def test_bad_code_is_rolled_back_and_quarantined(platform: Platform) -> None:
    # Given a healthy version 1, and a version 2 that fails for a currency that consumers use
    platform.deploy(2, bakeSeconds=300)
    assert platform.send_requests(5, "GBP") == {502: 5}

    # When the controller watches
    rounds = platform.watch_until(lambda status: status.applied == 1 and not status.verifying, currency="GBP")

    # Then it rolled back because of the alarm, once, and the alarm cleared
    acted = [(r.decision.action, r.decision.reason) for r in rounds if r.decision.action is not Action.WAIT]
    assert acted == [
        (Action.ROLL_BACK, ReasonCode.ALARM_AFTER_DEPLOY),
        (Action.VERIFIED, ReasonCode.ALARM_CLEARED),
    ]
    # And version 1 is what is applied, version 2 quarantined
    status = platform.controller().status()
    assert [(v.number, v.verdict) for v in status.versions] == [(1, Verdict.HEALTHY), (2, Verdict.QUARANTINED)]
    # And consumers were moved before the engine ran, and are served
    assert [event for event in _events(platform) if event in ("traffic_shifted", "rolled_back")] == [
        "traffic_shifted",
        "rolled_back",
    ]
    assert platform.send_requests(5, "GBP") == {200: 5}


def test_a_fault_that_is_not_the_codes_is_rolled_back_and_recovered(platform: Platform) -> None:
    # Given a healthy version 1, and a version 2 deployed while what the service depends on begins to fail
    platform.deploy(3, bakeSeconds=300)
    platform.inventory.answer(503)

    # When the controller watches
    rounds = platform.watch_until(lambda status: status.applied == 1)
    rounds += platform.watch_until(lambda status: status.applied == 2)

    # Then it rolled back, saw that this did not help, and recovered version 2
    acted = [(r.decision.action, r.decision.reason) for r in rounds if r.decision.action is not Action.WAIT]
    assert acted == [
        (Action.ROLL_BACK, ReasonCode.ALARM_AFTER_DEPLOY),
        (Action.RECOVER, ReasonCode.ROLLBACK_DID_NOT_HELP),
    ]
    assert _events(platform).count("rolled_back") == _events(platform).count("recovered") == 1
    # And version 2 is neither quarantined nor undone again, though the alarm still rings
    status = platform.controller().status()
    assert status.version(2).verdict is Verdict.BAKING
    assert status.version(2).exonerated_alarms
    platform.inventory.answer(200)
    later = platform.watch_until(_quiet)
    assert {r.decision.action for r in later} <= {Action.WAIT}
    # And consumers are served once the dependency is back
    assert platform.send_requests(5) == {200: 5}


def test_what_the_policy_leaves_to_people_is_done_once_they_approve(platform: Platform) -> None:
    # Given a bad version 2, whose policy wants people to be asked
    platform.deploy(2, bakeSeconds=300, automaticRollback="false")
    platform.send_requests(5, "GBP")

    # When the controller watches, it asks, and does nothing
    rounds = platform.watch_until(lambda status: status.question is not None, currency="GBP")
    assert rounds[-1].decision.reason is ReasonCode.AUTOMATIC_ROLLBACK_OFF
    assert platform.controller().status().applied == 2

    # Then a person says yes by command, and the service is well
    answered = platform.rollback("approve", "--yes", "--why", "seen it")
    assert "Done: the stack runs version 1. Version 2 is quarantined." in answered
    assert platform.send_requests(5, "GBP") == {200: 5}
    assert _events(platform).count("answered") == _events(platform).count("rolled_back") == 1


def _quiet(status: Status) -> bool:
    return all(alarm.state is not AlarmState.ALARM for alarm in status.alarms.values())


def _events(platform: Platform) -> list[str]:
    return [entry.event.event for entry in platform.controller().journal.entries()]

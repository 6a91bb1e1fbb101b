"""What an alarm is weighed by: requests, what the deploy did to it, and how it was before."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rollback_plugin.controller.weighing import Weighing
from rollback_plugin.journal.entries import AlarmState, ReasonCode, RollbackStarted, RolledBack
from rollback_plugin.signals.signal import AlarmConfiguration, AlarmReading, Baseline, Signal
from tests.unit.controller.cloudwatch import ON_ERRORS, CloudWatch
from tests.unit.controller.stand import ALARM, Stand

OK, RINGING, NO_DATA = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA


class Scales(Stand):
    """Version 1 healthy, version 2 deployed a minute ago; its update took half a minute."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.cloudwatch = CloudWatch()
        self.two_versions()
        self.deployed = self.status().version(2)

    def alarm_rings(self, since: datetime, **more: Any) -> None:
        self.cloudwatch.put(ALARM, RINGING, since, **{**ON_ERRORS, **more})

    def weighed(self) -> Signal:
        weighing = Weighing(
            status=self.status(),
            named_first=self.journal.facts().named_first,
            services=self.archive.read(2).services,
            requests=self.cloudwatch.counter(),
            alarm_source=self.cloudwatch.source,
            now=self.now,
        )
        return weighing.signal([ALARM], self.cloudwatch.source().read_existing([ALARM]))

    def reading(self) -> AlarmReading:
        (reading,) = self.weighed().alarms
        return reading


@pytest.fixture
def stack(tmp_path: Path) -> Scales:
    return Scales(tmp_path)


def test_an_alarm_that_was_deleted_is_said_to_be(stack: Scales) -> None:
    assert stack.weighed() == Signal(deleted=(ALARM,))


@pytest.mark.parametrize(("state", "counted"), [(OK, None), (RINGING, 100), (NO_DATA, 100)])
def test_requests_are_counted_unless_all_is_well(stack: Scales, state: AlarmState, counted: int | None) -> None:
    stack.cloudwatch.put(ALARM, state, stack.now)

    assert stack.reading().requests == counted


def test_requests_of_a_composite_alarm_are_those_of_the_services_behind_it(stack: Scales) -> None:
    stack.cloudwatch.put("any", RINGING, stack.now, AlarmRule=f"ALARM({ALARM})")
    stack.cloudwatch.put(ALARM, RINGING, stack.now)
    weighing = Weighing(
        stack.status(),
        {},
        stack.archive.read(2).services,
        stack.cloudwatch.counter(),
        stack.cloudwatch.source,
        stack.now,
    )

    (reading,) = weighing.signal(["any"], stack.cloudwatch.source().read_existing(["any"])).alarms

    assert (reading.requests, reading.alarm.because) == (100, (ALARM,))


def test_an_alarm_that_the_deploy_wrote_was_changed_by_it(stack: Scales) -> None:
    stack.alarm_rings(stack.now, AlarmConfigurationUpdatedTimestamp=stack.deployed.started_at + timedelta(seconds=5))

    assert stack.reading().configuration is AlarmConfiguration.CHANGED


def test_an_alarm_that_no_version_before_named_was_made_by_it(tmp_path: Path) -> None:
    stack = Stand(tmp_path)
    stack.deploy()
    cloudwatch = CloudWatch()
    cloudwatch.put(ALARM, OK, stack.now, AlarmConfigurationUpdatedTimestamp=stack.now - timedelta(seconds=5))
    named_first = stack.journal.facts().named_first
    weighing = Weighing(stack.status(), named_first, (), cloudwatch.counter(), cloudwatch.source, stack.now)

    (reading,) = weighing.signal([ALARM], cloudwatch.source().read_existing([ALARM])).alarms

    assert reading.configuration is AlarmConfiguration.CREATED


def test_an_alarm_that_rang_before_comes_with_its_baseline(stack: Scales) -> None:
    stack.wait(3)
    began, ended = stack.deployed.started_at, stack.deployed.deployed_at
    stack.cloudwatch.points = {began - timedelta(minutes=2): 20.0, ended + timedelta(minutes=1): 60.0}
    stack.alarm_rings(since=began - timedelta(minutes=30))

    assert stack.reading().baseline == Baseline(before=(20.0,), since=(60.0,), higher_is_worse=True, threshold=5.0)


def test_an_alarm_that_the_deploy_changed_comes_with_its_baseline(stack: Scales) -> None:
    began = stack.deployed.started_at
    stack.alarm_rings(stack.now, AlarmConfigurationUpdatedTimestamp=began)

    assert stack.reading().baseline == Baseline(before=(), since=(), higher_is_worse=True, threshold=5.0)


def test_while_a_rollback_is_verified_what_came_after_it_is_compared_with_what_came_before_the_deploy(
    stack: Scales,
) -> None:
    began = stack.deployed.started_at
    stack.journal.append_next(
        RollbackStarted(operation="o", undoes=2, target=1, reason=ReasonCode.ALARM_AFTER_DEPLOY, alarms=(ALARM,))
    )
    stack.wait(1)
    stack.journal.append_next(RolledBack(operation="o", undoes=2, target=1, update="u"))
    ended = stack.now
    stack.wait(5)
    stack.alarm_rings(since=began + timedelta(seconds=40))
    stack.cloudwatch.points = {
        began - timedelta(minutes=1): 1.0,
        began + timedelta(minutes=1): 80.0,
        ended + timedelta(minutes=1): 2.0,
    }

    assert stack.reading().baseline == Baseline(before=(1.0,), since=(2.0,), higher_is_worse=True, threshold=5.0)


@pytest.mark.parametrize("minutes", [1, 11])
def test_what_no_decision_compares_is_not_read(stack: Scales, minutes: float) -> None:
    # Neither where the alarm went off after the deploy, nor when nothing counts against it any more
    since = stack.deployed.deployed_at if minutes < 10 else stack.deployed.started_at - timedelta(hours=1)
    stack.wait(minutes)
    stack.alarm_rings(since + timedelta(seconds=1))

    assert stack.reading().baseline is None


def test_an_alarm_whose_data_points_can_not_be_read_is_weighed_without_them(stack: Scales) -> None:
    stack.alarm_rings(since=stack.deployed.started_at - timedelta(minutes=30))
    weighing = Weighing(stack.status(), {}, (), stack.cloudwatch.counter(), stack.cloudwatch.source, stack.now)
    stack.cloudwatch.data_fails_with = ClientError({"Error": {"Code": "Throttling"}}, "GetMetricData")

    (reading,) = weighing.signal([ALARM], stack.cloudwatch.source().read_existing([ALARM])).alarms

    assert (reading.state, reading.baseline) == (RINGING, None)

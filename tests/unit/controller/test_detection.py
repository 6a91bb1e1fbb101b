"""When it is worked out what the alarms of a version can see."""

from pathlib import Path

import pytest

from rollback_plugin.controller.beside import answered
from rollback_plugin.controller.detection import DetectionStudy
from rollback_plugin.errors import CloudError
from rollback_plugin.journal.detection import Sight
from rollback_plugin.journal.entries import AlarmState
from tests.unit.controller.cloudwatch import ON_ERRORS, CloudWatch
from tests.unit.controller.stand import ALARM, Stand


class Watched(Stand):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.cloudwatch = CloudWatch()
        self.cloudwatch.put(ALARM, AlarmState.OK, self.now, **ON_ERRORS)

    @property
    def detection(self) -> DetectionStudy:
        return self.controller(self.cloudwatch.source, self.cloudwatch.counter()).detection


@pytest.fixture
def stack(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_what_the_alarms_of_a_new_version_see_is_journaled_once(stack: Watched) -> None:
    stack.deploy()
    stack.cloudwatch.points = {stack.now: 0.0}

    found = answered(stack.detection)

    assert found is not None
    assert [power.alarm for power in found.alarms] == [ALARM]
    assert stack.status().version(1).detection == found
    assert answered(stack.detection) is None


def test_each_version_is_asked_about_anew(stack: Watched) -> None:
    stack.two_versions()
    stack.cloudwatch.points = {stack.now: 0.0}

    assert stack.detection.due == 2


def test_a_version_that_is_judged_no_more_is_not_asked_about(stack: Watched) -> None:
    stack.deploy()
    stack.wait(11)

    assert stack.detection.due is None


def test_without_a_deploy_there_is_nothing_to_ask(stack: Watched) -> None:
    assert stack.detection.due is None


def test_what_could_not_be_read_is_still_due(stack: Watched) -> None:
    from botocore.exceptions import ClientError

    stack.deploy()
    stack.cloudwatch.fails_with = ClientError({"Error": {"Code": "Throttling"}}, "DescribeAlarms")

    with pytest.raises(CloudError, match="Throttling"):
        answered(stack.detection)

    assert stack.detection.due == 1
    assert stack.events == []


def test_an_alarm_that_is_gone_is_said_to_be(stack: Watched) -> None:
    stack.deploy()
    stack.cloudwatch.alarms.clear()

    found = answered(stack.detection)

    assert found is not None
    assert [power.sight for power in found.alarms] == [Sight.UNKNOWN]

"""From an alarm to a rollback through EventBridge, SQS and worker processes, with nobody's project at hand."""

import json
import signal
from typing import Any

import pytest

from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.stack import StackName
from tests.acceptance.project import STACK, PulumiProject
from tests.fleet.conftest import Hosted

pytestmark = [pytest.mark.engine, pytest.mark.timeout(900)]

SHOP = StackName("shop", STACK)
PROGRAM = """
import pulumi_aws as aws
from rollback_plugin import track

track()
aws.cloudwatch.MetricAlarm("errors", name="shop-errors", namespace="Shop", metric_name="Errors", statistic="Sum",
    period=60, evaluation_periods=1, threshold=1, comparison_operator="GreaterThanThreshold")
aws.ssm.Parameter("greeting", name="greeting", type="String", value="release {release}")
"""


TOLD = ["rollback_started", "rolled_back", "rollback_helped"]


def test_an_alarm_rolls_a_stack_back_through_the_deployed_controller(hosted: Hosted, shop: PulumiProject) -> None:
    # Given two workers, and a stack that its team deploys twice with `pulumi up` alone
    hosted.start_worker()
    hosted.start_worker()
    shop.write(PROGRAM.format(release=1))
    shop.create_stack()
    shop.pulumi("config", "set", "rollback:alarms", '["shop-errors"]').must()
    shop.pulumi("config", "set", "rollback:bakeSeconds", "0").must()
    shop.up().must()
    hosted.until(lambda: events(hosted).count("deployed") == 1)
    shop.write(PROGRAM.format(release=2))
    shop.pulumi("config", "set", "rollback:bakeSeconds", "3600").must()
    shop.up().must()
    hosted.until(lambda: events(hosted).count("deployed") == 2)

    # When somebody sends what isn't so, and things that mean nothing
    sqs, queue = hosted.aws.client("sqs"), hosted.outputs["queueUrl"]
    forged = {"alarmName": "shop-errors", "state": {"value": "ALARM"}}
    change = {"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "detail": forged}
    for number, body in enumerate([json.dumps(change), "{", '{"stack": "shop/dev", "do": "undo"}', '{"stack": "a/b"}']):
        sqs.send_message(QueueUrl=queue, MessageBody=body, MessageGroupId="webhook", MessageDeduplicationId=str(number))
    hosted.until(lambda: hosted.messages("queueUrl") == 0)

    # Then nothing comes of it but lines in the log
    assert "rollback_started" not in events(hosted)
    assert greeting(hosted) == "release 2"
    assert hosted.logged().count('"malformed"') == 2
    assert hosted.logged().count('"unknown_stack"') == 1

    # When the alarm rings
    alarm_is(hosted, AlarmState.ALARM)

    # Then the stack is rolled back, once, and once the alarm is quiet, that is seen
    hosted.until(lambda: "rolled_back" in events(hosted))
    alarm_is(hosted, AlarmState.OK)
    hosted.until(lambda: "rollback_verified" in events(hosted))
    assert greeting(hosted) == "release 1"
    assert [event for event in events(hosted) if event.startswith("roll")] == [
        "rollback_started",
        "rolled_back",
        "rollback_verified",
    ]
    shop.write(PROGRAM.format(release=1))
    shop.preview_sees_no_change().must()

    # And the topic's subscriber and the webhook were told of each step
    published: list[dict[str, Any]] = []

    def are_told() -> bool:
        published.extend(hosted.published())
        return len(published) >= len(TOLD) and len(hosted.hook.posted) >= len(TOLD)

    hosted.until(are_told)

    # And no message was lost, or is left; and workers that are told to stop do
    hosted.until(lambda: hosted.messages("queueUrl") == 0)
    assert hosted.messages("deadLetterQueueUrl") == 0
    assert all((hosted.folder / f"health-{number}").exists() for number in range(2))
    for worker in hosted.workers:
        worker.send_signal(signal.SIGTERM)
    assert [worker.wait(timeout=60) for worker in hosted.workers] == [0, 0]

    # And they told it once, between the two of them
    published += hosted.published()
    posted = [document["notice"] for _, document in hosted.hook.posted]
    assert sorted(notice["happened"] for notice in published) == sorted(TOLD)
    assert sorted(notice["happened"] for notice in posted) == sorted(TOLD)
    assert {notice["id"] for notice in published} == {notice["id"] for notice in posted}
    assert hosted.hook.url not in hosted.logged()


def events(hosted: Hosted) -> list[str]:
    return [entry.event.event for entry in hosted.controller(SHOP).journal.entries()]


def greeting(hosted: Hosted) -> str:
    return hosted.aws.client("ssm").get_parameter(Name="greeting")["Parameter"]["Value"]


def alarm_is(hosted: Hosted, state: AlarmState) -> None:
    hosted.aws.client("cloudwatch").set_alarm_state(AlarmName="shop-errors", StateValue=state.value, StateReason="test")

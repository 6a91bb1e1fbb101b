"""From what functions do and say to alarms, and from alarms to a queue."""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from botocore.exceptions import ClientError

from rollback_plugin.embedded import EmbeddedAws
from tests.embedded_aws.functions import deploy, log_messages, wait_for

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.literals import StateValueType
    from mypy_boto3_cloudwatch.type_defs import CompositeAlarmTypeDef, MetricAlarmTypeDef, MetricDataQueryTypeDef

pytestmark = pytest.mark.embedded

FAILS_ON_DEMAND = """
    import json
    def handler(event, context):
        failing = event["rawPath"] == "/fail"
        print(json.dumps({"level": "error" if failing else "info", "milliseconds": 12}))
        if failing:
            raise ValueError("as asked")
        return "fine"
"""


def send(url: str, count: int, path: str = "") -> None:
    with httpx.Client(trust_env=False, timeout=30) as http:
        for _ in range(count):
            http.get(url + path)


def put_error_alarm(
    aws: EmbeddedAws, name: str, function: str, threshold: float = 0.0, period_seconds: int = 10
) -> None:
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": function}, {"Name": "Resource", "Value": f"{function}:live"}],
        Statistic="Sum",
        Period=period_seconds,
        EvaluationPeriods=1,
        Threshold=threshold,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )


def alarm(aws: EmbeddedAws, name: str) -> "MetricAlarmTypeDef":
    return aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]


def wait_for_state(aws: EmbeddedAws, name: str, state: "StateValueType") -> "MetricAlarmTypeDef":
    def in_state() -> "MetricAlarmTypeDef | None":
        found = alarm(aws, name)
        return found if found["StateValue"] == state else None

    return wait_for(in_state, f"alarm {name} in state {state}")


def queue_of_state_changes(aws: EmbeddedAws, name: str, alarm_name: str) -> str:
    """A queue that gets the events of one alarm. Its URL."""
    url = aws.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    pattern = {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {"alarmName": [alarm_name]},
    }
    events = aws.client("events")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:{aws.region}:123456789012:{name}"
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    return url


def next_event(aws: EmbeddedAws, queue_url: str) -> dict[str, Any]:
    messages = wait_for(
        lambda: aws.client("sqs").receive_message(QueueUrl=queue_url).get("Messages"), f"a message in {queue_url}"
    )
    aws.client("sqs").delete_message(QueueUrl=queue_url, ReceiptHandle=messages[0]["ReceiptHandle"])
    event: dict[str, Any] = json.loads(messages[0]["Body"])
    return event


def test_errors_of_a_function_ring_an_alarm_that_reaches_a_queue_and_clears(aws: EmbeddedAws) -> None:
    url = deploy(aws, "ringing", FAILS_ON_DEMAND)
    queue = queue_of_state_changes(aws, "ringing-alarms", "ringing-errors")
    put_error_alarm(aws, "ringing-errors", "ringing", threshold=2)
    wait_for_state(aws, "ringing-errors", "OK")

    send(url, 5, "/fail")
    ringing = wait_for_state(aws, "ringing-errors", "ALARM")
    send(url, 5)
    wait_for_state(aws, "ringing-errors", "OK")

    changes = [next_event(aws, queue) for _ in range(3)]
    transitions = [(e["detail"]["previousState"]["value"], e["detail"]["state"]["value"]) for e in changes]
    assert transitions == [("INSUFFICIENT_DATA", "OK"), ("OK", "ALARM"), ("ALARM", "OK")]
    rang = changes[1]
    assert rang["resources"] == [ringing["AlarmArn"]]
    assert (rang["account"], rang["region"]) == ("123456789012", aws.region)
    assert rang["detail"]["state"]["reason"] == ringing["StateReason"]
    assert rang["detail"]["state"]["reason"].startswith("Threshold Crossed: 1 out of the last 1 datapoints [")
    assert rang["detail"]["configuration"]["metrics"][0]["metricStat"]["metric"] == {
        "namespace": "AWS/Lambda",
        "name": "Errors",
        "dimensions": {"FunctionName": "ringing", "Resource": "ringing:live"},
    }
    assert datetime.fromisoformat(rang["time"]) == ringing["StateTransitionedTimestamp"].replace(microsecond=0)


def test_the_history_has_each_change_newest_first(aws: EmbeddedAws) -> None:
    url = deploy(aws, "remembered", FAILS_ON_DEMAND)
    put_error_alarm(aws, "remembered-errors", "remembered")
    wait_for_state(aws, "remembered-errors", "OK")
    send(url, 1, "/fail")
    rang = wait_for_state(aws, "remembered-errors", "ALARM")

    history = aws.client("cloudwatch").describe_alarm_history(
        AlarmName="remembered-errors", HistoryItemType="StateUpdate"
    )["AlarmHistoryItems"]

    assert [item["HistorySummary"] for item in history] == [
        "Alarm updated from OK to ALARM",
        "Alarm updated from INSUFFICIENT_DATA to OK",
    ]
    assert history[0]["Timestamp"] == rang["StateUpdatedTimestamp"]
    assert json.loads(history[0]["HistoryData"])["newState"]["stateReason"] == rang["StateReason"]


def test_an_alarm_on_the_error_rate_of_one_executed_version(aws: EmbeddedAws) -> None:
    url = deploy(aws, "rated", FAILS_ON_DEMAND)

    def metric(query_id: str, name: str) -> "MetricDataQueryTypeDef":
        dimensions = {"FunctionName": "rated", "Resource": "rated:live", "ExecutedVersion": "1"}
        return {
            "Id": query_id,
            "ReturnData": False,
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": name,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
                },
                "Period": 10,
                "Stat": "Sum",
            },
        }

    rate: MetricDataQueryTypeDef = {
        "Id": "rate",
        "Expression": "IF(requests >= 10, 100 * errors / requests, 0)",
        "Label": "Error rate",
        "ReturnData": True,
    }
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName="rated-rate",
        Metrics=[rate, metric("errors", "Errors"), metric("requests", "Invocations")],
        EvaluationPeriods=1,
        Threshold=40,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    wait_for_state(aws, "rated-rate", "OK")
    for _ in range(10):
        send(url, 1, "/fail")
        send(url, 1)

    rang = wait_for_state(aws, "rated-rate", "ALARM")

    assert "was greater than the threshold (40.0)" in rang["StateReason"]


def test_a_log_pattern_rings_an_alarm(aws: EmbeddedAws) -> None:
    url = deploy(aws, "spoken", FAILS_ON_DEMAND)
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="/aws/lambda/spoken")
    logs.put_metric_filter(
        logGroupName="/aws/lambda/spoken",
        filterName="errors",
        filterPattern='{ $.level = "error" }',
        metricTransformations=[
            {"metricNamespace": "Spoken", "metricName": "Errors", "metricValue": "1", "defaultValue": 0}
        ],
    )
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName="spoken-errors",
        Namespace="Spoken",
        MetricName="Errors",
        Statistic="Sum",
        Period=10,
        EvaluationPeriods=1,
        Threshold=2,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    send(url, 3)
    healthy = wait_for_state(aws, "spoken-errors", "OK")  # by the default value: missing data would keep it waiting
    assert "was not greater than or equal to" in healthy["StateReason"]

    send(url, 3, "/fail")

    wait_for_state(aws, "spoken-errors", "ALARM")


def test_log_events_put_by_anybody_count_and_a_filter_put_again_is_replaced(aws: EmbeddedAws) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="put")
    logs.create_log_stream(logGroupName="put", logStreamName="stream")
    for value in ("5", "$.size"):
        logs.put_metric_filter(
            logGroupName="put",
            filterName="sizes",
            filterPattern="{ $.size > 10 }",
            metricTransformations=[{"metricNamespace": "Put", "metricName": "Size", "metricValue": value}],
        )
    now = int(datetime.now(UTC).timestamp() * 1000)
    messages = ['{"size": 11}', '{"size": 3}', '{"size": 40}', "size 50"]
    logs.put_log_events(
        logGroupName="put",
        logStreamName="stream",
        logEvents=[{"timestamp": now, "message": message} for message in messages],
    )

    def published() -> list[float]:
        points = aws.client("cloudwatch").get_metric_statistics(
            Namespace="Put",
            MetricName="Size",
            StartTime=datetime.fromtimestamp(now / 1000 - 60, UTC),
            EndTime=datetime.fromtimestamp(now / 1000 + 60, UTC),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return [point["Sum"] for point in points]

    assert wait_for(published, "the metric of the filter") == [51.0]


@pytest.mark.parametrize("pattern", ["[ip, user]", "%regular%", "ERROR:"])
def test_filter_patterns_that_are_not_imitated_are_refused(aws: EmbeddedAws, pattern: str) -> None:
    logs = aws.client("logs")
    group = f"refused-{abs(hash(pattern))}"
    logs.create_log_group(logGroupName=group)

    with pytest.raises(ClientError) as refused:
        logs.put_metric_filter(
            logGroupName=group,
            filterName="refused",
            filterPattern=pattern,
            metricTransformations=[{"metricNamespace": "R", "metricName": "R", "metricValue": "1"}],
        )

    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"
    assert pattern in refused.value.response["Error"]["Message"]


def test_a_timeout_counts_as_an_error_and_is_in_the_log(aws: EmbeddedAws) -> None:
    url = deploy(aws, "timing-out", "import time\ndef handler(event, context): time.sleep(60)", timeout_seconds=1)
    put_error_alarm(aws, "timing-out-errors", "timing-out", period_seconds=30)

    send(url, 1)

    wait_for_state(aws, "timing-out-errors", "ALARM")
    assert any("Task timed out after 1.00 seconds" in message for message in log_messages(aws, "timing-out"))


def test_an_alarm_that_is_put_again_keeps_its_state(aws: EmbeddedAws) -> None:
    put_error_alarm(aws, "put-again", "nobody")
    before = wait_for_state(aws, "put-again", "OK")

    put_error_alarm(aws, "put-again", "nobody", threshold=7)

    after = alarm(aws, "put-again")
    assert after["Threshold"] == 7
    assert after["StateValue"] == "OK"
    assert after["StateTransitionedTimestamp"] == before["StateTransitionedTimestamp"]


def test_a_state_set_by_hand_is_announced_and_lasts_until_the_next_evaluation(aws: EmbeddedAws) -> None:
    queue = queue_of_state_changes(aws, "by-hand", "by-hand")
    put_error_alarm(aws, "by-hand", "nobody")
    wait_for_state(aws, "by-hand", "OK")
    assert next_event(aws, queue)["detail"]["state"]["value"] == "OK"

    aws.client("cloudwatch").set_alarm_state(AlarmName="by-hand", StateValue="ALARM", StateReason="a drill")

    drill = next_event(aws, queue)["detail"]["state"]
    assert (drill["value"], drill["reason"]) == ("ALARM", "a drill")
    wait_for_state(aws, "by-hand", "OK")


def test_an_alarm_that_is_not_imitated_says_so_and_holds_no_other_up(aws: EmbeddedAws) -> None:
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName="anomaly",
        Metrics=[{"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(m, 2)", "ReturnData": True}],
        ThresholdMetricId="band",
        EvaluationPeriods=1,
        ComparisonOperator="GreaterThanUpperThreshold",
    )
    put_error_alarm(aws, "zzz-after-it", "nobody")

    wait_for_state(aws, "zzz-after-it", "OK")
    found = wait_for(
        lambda: a if (a := alarm(aws, "anomaly"))["StateReason"].startswith("Not evaluated") else None, "the reason"
    )
    assert found["StateValue"] == "INSUFFICIENT_DATA"
    assert "anomaly detection" in found["StateReason"]


def test_a_rule_with_a_target_that_is_not_imitated_keeps_no_event_from_others(aws: EmbeddedAws) -> None:
    events = aws.client("events")
    events.create_event_bus(Name="shared")
    queue = aws.client("sqs").create_queue(QueueName="beside-a-topic")["QueueUrl"]
    for rule, target in (
        ("a-topic", "sns:us-east-1:123456789012:topic"),
        ("queue", "sqs:us-east-1:123456789012:beside-a-topic"),
    ):
        events.put_rule(Name=rule, EventBusName="shared", EventPattern=json.dumps({"source": ["shop"]}))
        events.put_targets(Rule=rule, EventBusName="shared", Targets=[{"Id": "1", "Arn": f"arn:aws:{target}"}])

    detail = {"text": "looks like a placeholder: <detail>"}
    answer = events.put_events(
        Entries=[{"Source": "shop", "DetailType": "Sold", "Detail": json.dumps(detail), "EventBusName": "shared"}]
    )

    assert answer["FailedEntryCount"] == 0
    assert next_event(aws, queue)["detail"] == detail


def test_a_composite_alarm_follows_the_alarms_it_rests_on(aws: EmbeddedAws) -> None:
    # Given a composite on a composite, and two alarms on a metric nobody sends: how they treat that is what they are
    cloudwatch = aws.client("cloudwatch")

    def put_alarm(name: str, missing_data: str) -> None:
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="Composite",
            MetricName="never-sent",
            Statistic="Sum",
            Period=10,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData=missing_data,
        )

    put_alarm("composite-errors", "breaching")
    put_alarm("composite-maintenance", "breaching")
    cloudwatch.put_composite_alarm(
        AlarmName="composite-inner", AlarmRule="ALARM(composite-errors) AND NOT ALARM(composite-maintenance)"
    )
    queue = queue_of_state_changes(aws, "composite-outer-changes", "composite-outer")
    cloudwatch.put_composite_alarm(AlarmName="composite-outer", AlarmRule='ALARM("composite-inner") OR FALSE')

    def outer() -> "CompositeAlarmTypeDef":
        names, kinds = ["composite-outer"], ["CompositeAlarm"]
        return cloudwatch.describe_alarms(AlarmNames=names, AlarmTypes=kinds)["CompositeAlarms"][0]  # type: ignore[arg-type]

    wait_for(lambda: outer()["StateValue"] == "OK", "the outer composite in OK")

    # When the alarm that hides the other one is over
    put_alarm("composite-maintenance", "notBreaching")

    # Then both composites ring, and say because of which alarm
    wait_for(lambda: outer()["StateValue"] == "ALARM", "the outer composite in ALARM")
    assert "composite-inner transitioned to ALARM at " in outer()["StateReason"]
    event = next_event(aws, queue)
    while event["detail"]["state"]["value"] != "ALARM":
        event = next_event(aws, queue)
    assert event["detail"]["configuration"] == {"alarmRule": 'ALARM("composite-inner") OR FALSE'}
    trigger = json.loads(event["detail"]["state"]["reasonData"])["triggeringAlarms"]
    assert [alarm["state"]["value"] for alarm in trigger] == ["ALARM"]


def test_log_events_are_found_by_the_patterns_of_metric_filters(aws: EmbeddedAws) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="searched")
    logs.create_log_stream(logGroupName="searched", logStreamName="stream")
    now = int(datetime.now(UTC).timestamp() * 1000)
    messages = ['{"level": "error", "order": 7}', '{"level": "info"}', "error"]
    logs.put_log_events(
        logGroupName="searched",
        logStreamName="stream",
        logEvents=[{"timestamp": now, "message": message} for message in messages],
    )

    found = logs.filter_log_events(logGroupName="searched", filterPattern='{ $.level = "error" }', limit=50)

    assert [event["message"] for event in found["events"]] == messages[:1]

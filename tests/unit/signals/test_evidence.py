"""What is gathered as evidence, and what is taken out of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.signals.alarms import AlarmSource
from rollback_plugin.signals.evidence import without_secrets
from rollback_plugin.signals.evidence_reading import EvidenceReader
from rollback_plugin.signals.requests import RequestCounter

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BEGAN = NOW - timedelta(minutes=5)
MILLISECONDS = int(NOW.timestamp() * 1000)


@pytest.mark.parametrize(
    ("message", "secrets", "kept"),
    [
        ("login with hunter22 failed", ["hunter22"], "login with [secret] failed"),
        ("hunter22-extended, hunter22", ["hunter22", "hunter22-extended"], "[secret], [secret]"),
        ("port 80 of 80", ["80", ""], "port 80 of 80"),
        ("nothing in here", ["hunter22"], "nothing in here"),
    ],
)
def test_known_secrets_are_taken_out(message: str, secrets: list[str], kept: str) -> None:
    assert without_secrets(message, secrets) == kept


class Cloud:
    """Stubs of both clients, with an alarm on log lines."""

    def __init__(self) -> None:
        keys = {"region_name": "eu-central-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
        self.cloudwatch = boto3.client("cloudwatch", **keys)  # type: ignore[call-overload]
        self.logs = boto3.client("logs", **keys)  # type: ignore[call-overload]
        self.alarms, self.lines = Stubber(self.cloudwatch), Stubber(self.logs)
        self.alarms.activate()
        self.lines.activate()

    def alarm_is(self, **more: Any) -> None:
        described = {
            "AlarmName": "log-errors",
            "StateValue": "ALARM",
            "StateUpdatedTimestamp": NOW,
            "StateReason": "Threshold Crossed",
            "Namespace": "rollback-plugin/logs",
            "MetricName": "orders/errors",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 3.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            **more,
        }
        self.alarms.add_response("describe_alarms", {"MetricAlarms": [described]})

    def history_is(self, *summaries: str) -> None:
        items = [
            {"Timestamp": NOW - timedelta(minutes=n), "HistoryItemType": "StateUpdate", "HistorySummary": summary}
            for n, summary in enumerate(summaries)
        ]
        self.alarms.add_response(
            "describe_alarm_history",
            {"AlarmHistoryItems": items},
            {
                "AlarmName": "log-errors",
                "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
                "StartDate": BEGAN - timedelta(hours=1),
                "EndDate": NOW,
                "MaxRecords": 100,
                "ScanBy": "TimestampDescending",
            },
        )

    def values_are(self, *values: float) -> None:
        minutes = [BEGAN + timedelta(minutes=n) for n, _ in enumerate(values)]
        self.alarms.add_response(
            "get_metric_data", {"MetricDataResults": [{"Timestamps": minutes, "Values": list(values)}]}
        )

    def log_is(self, *messages: str) -> None:
        self.lines.add_response(
            "describe_metric_filters",
            {"metricFilters": [{"logGroupName": "/aws/lambda/orders", "filterPattern": '{ $.level = "error" }'}]},
            {"metricName": "orders/errors", "metricNamespace": "rollback-plugin/logs"},
        )
        self.lines.add_response(
            "filter_log_events",
            {"events": [{"timestamp": MILLISECONDS, "logStreamName": "s", "message": message} for message in messages]},
            {
                "logGroupName": "/aws/lambda/orders",
                "filterPattern": '{ $.level = "error" }',
                "startTime": int(BEGAN.timestamp() * 1000),
                "endTime": ANY,
            },
        )

    def reader(self, secrets: list[str] | None = None) -> EvidenceReader:
        counter = RequestCounter(lambda region: self.cloudwatch)
        return EvidenceReader(AlarmSource(self.cloudwatch), lambda: self.logs, counter, BEGAN, NOW, secrets)


def test_alarm_history_values_and_matching_lines_are_kept() -> None:
    cloud, lacking = Cloud(), list[str]()
    cloud.alarm_is()
    cloud.history_is("Alarm updated from OK to ALARM", "Alarm updated from INSUFFICIENT_DATA to OK")
    cloud.values_are(0.0, 4.0)
    cloud.log_is("token hunter22 refused\n")

    (alarm,) = cloud.reader(secrets=["hunter22"]).alarms(["log-errors"], lacking)

    assert (alarm.alarm, alarm.state, alarm.explanation) == ("log-errors", AlarmState.ALARM, "Threshold Crossed")
    assert alarm.compared_with == "GreaterThanOrEqualToThreshold 3: 1 of 1 periods of 60 s"
    assert [item.summary for item in alarm.history] == [
        "Alarm updated from INSUFFICIENT_DATA to OK",
        "Alarm updated from OK to ALARM",
    ]
    assert [value.value for value in alarm.values] == [0.0, 4.0]
    (excerpt,) = alarm.log
    assert (excerpt.group, excerpt.pattern) == ("/aws/lambda/orders", '{ $.level = "error" }')
    assert [line.message for line in excerpt.lines] == ["token [secret] refused"]
    assert lacking == []


def test_at_most_fifty_lines_are_kept() -> None:
    cloud = Cloud()
    cloud.alarm_is()
    cloud.history_is()
    cloud.values_are()
    cloud.log_is(*(str(number) for number in range(60)))

    (alarm,) = cloud.reader(secrets=[]).alarms(["log-errors"], [])

    assert sum(len(excerpt.lines) for excerpt in alarm.log) == 50


def test_where_the_secrets_are_not_known_no_line_is_kept() -> None:
    cloud = Cloud()
    cloud.alarm_is()
    cloud.history_is()
    cloud.values_are(4.0)

    (alarm,) = cloud.reader(secrets=None).alarms(["log-errors"], [])

    assert alarm.log == ()
    cloud.lines.assert_no_pending_responses()


def test_what_aws_does_not_say_keeps_nothing_else_from_being_kept() -> None:
    cloud, lacking = Cloud(), list[str]()
    cloud.alarm_is()
    cloud.alarms.add_client_error("describe_alarm_history", "AccessDenied", "not you")
    cloud.values_are(4.0)
    cloud.lines.add_client_error("describe_metric_filters", "AccessDenied", "nor logs")

    (alarm,) = cloud.reader(secrets=[]).alarms(["log-errors"], lacking)

    assert [value.value for value in alarm.values] == [4.0]
    assert lacking == [
        "Could not read the history of the alarm `log-errors`: AWS answered AccessDenied: not you",
        "Could not read the log lines behind rollback-plugin/logs orders/errors [no dimensions]: AWS answered "
        "AccessDenied: nor logs",
    ]


def test_a_metric_of_aws_itself_comes_from_no_log() -> None:
    cloud = Cloud()
    cloud.alarm_is(Namespace="AWS/Lambda")
    cloud.history_is()
    cloud.values_are(4.0)

    (alarm,) = cloud.reader(secrets=[]).alarms(["log-errors"], [])

    assert alarm.log == ()

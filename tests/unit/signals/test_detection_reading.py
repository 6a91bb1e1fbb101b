"""What CloudWatch is asked to know what an alarm sees, and what its answers make of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from rollback_plugin.journal.detection import AlarmPower, Sight
from rollback_plugin.signals.alarms import AlarmSource
from rollback_plugin.signals.detection_reading import DetectionReader
from rollback_plugin.signals.requests import RequestCounter
from rollback_plugin.versions.service import LambdaTraffic, Service

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ALIAS = [{"Name": "FunctionName", "Value": "orders"}, {"Name": "Resource", "Value": "orders:live"}]
ORDERS = Service(
    name="orders",
    kind="lambda",
    alarms=("errors",),
    traffic=LambdaTraffic(function="orders", alias="live", region="eu-central-1", version="7"),
)


def alarm(**more: Any) -> dict[str, Any]:
    return {
        "AlarmName": "errors",
        "StateValue": "OK",
        "StateUpdatedTimestamp": NOW,
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Dimensions": ALIAS,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 3.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        **more,
    }


@dataclass
class CloudWatch:
    """A double: one alarm, data points by metric name, and the metrics that ListMetrics knows."""

    alarm: dict[str, Any] | None
    per_minute: dict[str, float] = field(default_factory=dict)
    listed: list[list[dict[str, str]]] = field(default_factory=list)

    def describe_alarms(self, **_: Any) -> dict[str, Any]:
        if self.alarm is None:
            return {}
        return {"CompositeAlarms" if "AlarmRule" in self.alarm else "MetricAlarms": [self.alarm]}

    def get_paginator(self, operation: str) -> "Paginator":
        return Paginator(self, operation)

    def power(self) -> AlarmPower:
        client = cast("CloudWatchClient", self)
        reader = DetectionReader(AlarmSource(client), RequestCounter(lambda region: client))
        (power,) = reader.read(["errors"], [ORDERS], NOW)
        return power


@dataclass
class Paginator:
    cloudwatch: CloudWatch
    operation: str

    def paginate(self, **asked: Any) -> Iterator[dict[str, Any]]:
        if self.operation == "list_metrics":
            yield {"Metrics": [{"Dimensions": dimensions} for dimensions in self.cloudwatch.listed]}
            return
        values = [
            self.cloudwatch.per_minute[query["MetricStat"]["Metric"]["MetricName"]]
            for query in asked["MetricDataQueries"]
            if "MetricStat" in query and query["ReturnData"]
            if query["MetricStat"]["Metric"]["MetricName"] in self.cloudwatch.per_minute
        ]
        minutes = [NOW - timedelta(minutes=number) for number in (3, 2, 1)]
        yield {"MetricDataResults": [{"Timestamps": minutes, "Values": values * 3}] if values else []}


def test_an_alarm_is_weighed_by_the_requests_that_come_to_its_services() -> None:
    power = CloudWatch(alarm(), {"Errors": 0.0, "Invocations": 300.0}).power()

    assert power == AlarmPower(
        alarm="errors",
        sight=Sight.SEES,
        explanation="It sees a rise of 2.1 points or more in failing requests within 120 s, at the traffic of the last "
        "hour (300 requests in 60 s).",
        rise_points=2.1,
        within_seconds=120,
    )


def test_what_fails_at_present_is_counted_in() -> None:
    power = CloudWatch(alarm(), {"Errors": 3.0, "Invocations": 300.0}).power()

    assert power.rise_points == 1.1


def test_a_share_is_weighed_by_the_requests_it_is_a_share_of() -> None:
    def query(name: str) -> dict[str, Any]:
        metric = {"Namespace": "AWS/Lambda", "MetricName": name, "Dimensions": ALIAS}
        return {
            "Id": name.lower(),
            "ReturnData": False,
            "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"},
        }

    on_rate = {
        "AlarmName": "errors",
        "StateValue": "OK",
        "StateUpdatedTimestamp": NOW,
        "EvaluationPeriods": 1,
        "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "Metrics": [{"Id": "rate", "Expression": "100 * errors / requests"}, query("Errors"), query("Requests")],
    }

    power = CloudWatch(on_rate, {"Errors": 0.0, "Requests": 300.0}).power()

    assert (power.sight, power.rise_points) == (Sight.SEES, 7.6)


@pytest.mark.parametrize(
    ("listed", "sight"),
    [
        pytest.param([ALIAS], Sight.UNKNOWN, id="it is known, only silent for hours"),
        pytest.param([ALIAS[:1]], Sight.WRONG_DIMENSIONS, id="known under other dimensions"),
        pytest.param([], Sight.NO_DATA, id="not known at all"),
    ],
)
def test_an_alarm_without_data_says_so(listed: list[list[dict[str, str]]], sight: Sight) -> None:
    assert CloudWatch(alarm(), listed=listed).power().sight is sight


def test_an_alarm_that_rings_for_want_of_data_is_not_blind() -> None:
    assert CloudWatch(alarm(TreatMissingData="breaching")).power().sight is Sight.UNKNOWN


@pytest.mark.parametrize(
    ("described", "words"),
    [
        pytest.param(None, "no alarm of this name", id="deleted"),
        pytest.param(alarm(AlarmRule="ALARM(a)"), "rests on other alarms", id="composite"),
        pytest.param(alarm(MetricName="Duration"), "doesn't count failing requests", id="latency"),
        pytest.param(alarm(MetricName="Errors"), "No requests", id="nobody calls"),
    ],
)
def test_what_can_not_be_told_says_why(described: dict[str, Any] | None, words: str) -> None:
    power = CloudWatch(described, {"Duration": 12.0, "Errors": 0.0}).power()

    assert power.sight is Sight.UNKNOWN
    assert words in power.explanation

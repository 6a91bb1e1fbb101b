"""A double of CloudWatch's client: alarms that are in the state a test puts them in, one request count, and the data
points of one metric."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from rollback_plugin.journal.entries import AlarmState
from rollback_plugin.signals.alarms import AlarmSource
from rollback_plugin.signals.requests import RequestCounter

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient


BEGINNING = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass
class CloudWatch:
    alarms: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: float = 100.0
    points: dict[datetime, float] = field(default_factory=dict)
    asked_for: list[list[str]] = field(default_factory=list)
    fails_with: Exception | None = None
    data_fails_with: Exception | None = None

    def put(self, name: str, state: AlarmState, since: datetime, **more: Any) -> None:
        self.alarms[name] = {
            "AlarmName": name,
            "StateValue": state.value,
            "StateTransitionedTimestamp": since,
            "StateReason": "because",
            **more,
        }

    @property
    def client(self) -> "CloudWatchClient":
        return cast("CloudWatchClient", self)

    def source(self) -> AlarmSource:
        return AlarmSource(self.client, scope="one account")

    def counter(self) -> RequestCounter:
        return RequestCounter(lambda region: self.client)

    def describe_alarms(self, *, AlarmNames: list[str], **_: Any) -> dict[str, Any]:  # noqa: N803
        if self.fails_with is not None:
            raise self.fails_with
        self.asked_for.append(AlarmNames)
        found = [self.alarms[name] for name in AlarmNames if name in self.alarms]
        return {
            "MetricAlarms": [alarm for alarm in found if "AlarmRule" not in alarm],
            "CompositeAlarms": [alarm for alarm in found if "AlarmRule" in alarm],
        }

    def describe_alarm_history(self, **_: Any) -> dict[str, Any]:
        return {"AlarmHistoryItems": []}

    def get_paginator(self, operation: str) -> "CloudWatch":
        return self

    def paginate(self, *, MetricDataQueries: list[dict[str, Any]], **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        if self.data_fails_with is not None:
            raise self.data_fails_with
        if MetricDataQueries[0]["Id"] == "invocations":
            yield {"MetricDataResults": [{"Timestamps": [BEGINNING], "Values": [self.requests]}]}
        else:
            yield {"MetricDataResults": [{"Timestamps": [*self.points], "Values": [*self.points.values()]}]}


ON_ERRORS: dict[str, Any] = {
    "Namespace": "AWS/Lambda",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 5.0,
    "ComparisonOperator": "GreaterThanThreshold",
}
"""What `DescribeAlarms` says of an alarm on one metric."""

"""Reads what an alarm compares, period by period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rollback_plugin.cloud.failures import cloud_errors
from rollback_plugin.signals.definition import AlarmDefinition, Query

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef


@dataclass(frozen=True, slots=True)
class DataPoint:
    """The value of one period. `at` is the period's start (aware, UTC)."""

    at: datetime
    value: float


def compared_values(
    client: CloudWatchClient, definition: AlarmDefinition, start: datetime, end: datetime
) -> tuple[DataPoint, ...]:
    """The values that the alarm compared in the periods from `start` to `end`, oldest first; periods without data are
    left out, and nothing is read where it can't be told what it compares.

    GetMetricData takes the alarm's own metrics and expressions
    (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html). Raises the errors of
    `cloud_errors`.
    """
    if definition.compared is None:
        return ()
    return _read(client, [_as_asked(query) for query in definition.queries], start, end, "what an alarm compares")


def metric_values(client: CloudWatchClient, query: Query, start: datetime, end: datetime) -> tuple[DataPoint, ...]:
    """Like `compared_values`, of one metric."""
    asked = _as_asked(query)
    asked["ReturnData"] = True
    return _read(client, [asked], start, end, f"the metric {query.metric}")


def _read(
    client: CloudWatchClient, queries: list[MetricDataQueryTypeDef], start: datetime, end: datetime, what: str
) -> tuple[DataPoint, ...]:
    if end <= start:
        return ()
    points: list[DataPoint] = []
    with cloud_errors(f"read {what} in CloudWatch"):
        pages = client.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=start, EndTime=end, ScanBy="TimestampAscending"
        )
        for page in pages:
            for result in page["MetricDataResults"]:
                values = zip(result.get("Timestamps", []), result.get("Values", []), strict=True)
                points += [DataPoint(at.astimezone(UTC), value) for at, value in values]
    return tuple(sorted(points, key=lambda point: point.at))


def _as_asked(query: Query) -> MetricDataQueryTypeDef:
    if query.metric is None:
        return {
            "Id": query.id,
            "Expression": query.expression,
            "Period": query.period_seconds,
            "ReturnData": query.returned,
        }
    asked: MetricDataQueryTypeDef = {
        "Id": query.id,
        "MetricStat": {
            "Metric": {
                "Namespace": query.metric.namespace,
                "MetricName": query.metric.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in query.metric.dimensions],
            },
            "Period": query.period_seconds,
            "Stat": query.statistic,
        },
        "ReturnData": query.returned,
    }
    if query.unit is not None:
        asked["MetricStat"]["Unit"] = query.unit  # type: ignore[arg-type] # what DescribeAlarms said
    return asked

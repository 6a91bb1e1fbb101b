"""The EventBridge event of an alarm's state change.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rollback_plugin.embedded.cloudwatch.alarm_evaluation import timestamp_text

SOURCE = "aws.cloudwatch"
DETAIL_TYPE = "CloudWatch Alarm State Change"


@dataclass(frozen=True)
class StateAt:
    """An alarm's state since `timestamp` (aware UTC). `reason_data` is JSON text, or None."""

    value: str
    reason: str
    reason_data: str | None
    timestamp: datetime

    def as_event(self) -> dict[str, str]:
        event = {"value": self.value, "reason": self.reason, "timestamp": timestamp_text(self.timestamp)}
        if self.reason_data is not None:
            event["reasonData"] = self.reason_data
        return event


def event_detail(
    alarm_name: str, description: str | None, configuration: dict[str, Any], previous: StateAt, current: StateAt
) -> dict[str, Any]:
    """The event's `detail`. `configuration` is what the alarm rests on as the event shows it: `metrics`, or an
    `alarmRule`."""
    return {
        "alarmName": alarm_name,
        "configuration": {**configuration, **({"description": description} if description else {})},
        "previousState": previous.as_event(),
        "state": current.as_event(),
    }


def metric_in_event(
    query_id: str,
    namespace: str,
    name: str,
    dimensions: dict[str, str],
    period_seconds: int,
    statistic: str,
    return_data: bool,
) -> dict[str, Any]:
    metric: dict[str, Any] = {"namespace": namespace, "name": name, "dimensions": dimensions}
    stat = {"metric": metric, "period": period_seconds, "stat": statistic}
    return {"id": query_id, "metricStat": stat, "returnData": return_data}


def expression_in_event(query_id: str, expression: str, label: str | None, return_data: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": query_id, "expression": expression, "returnData": return_data}
    if label:
        shown["label"] = label
    return shown

"""Works out what alarms see, from what CloudWatch says of them and of the traffic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rollback_plugin.cloud.failures import cloud_errors
from rollback_plugin.journal.detection import AlarmPower, Sight
from rollback_plugin.signals.alarms import AlarmSource
from rollback_plugin.signals.definition import AlarmDefinition, Metric, Query
from rollback_plugin.signals.detection import Failures, Traffic, detection_power, failures_seen_by
from rollback_plugin.signals.metric_data import compared_values, metric_values
from rollback_plugin.signals.requests import LATELY, RequestCounter
from rollback_plugin.signals.signal import AlarmObservation
from rollback_plugin.versions.service import Service

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import ListMetricsInputPaginateTypeDef

PRESENT = "the traffic of the last hour"
RECENTLY = timedelta(hours=3)
"""How far back data points are looked for before ListMetrics is asked, which doesn't know a metric for its first 15
minutes, and forgets it after two weeks without data
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html)."""


@dataclass(frozen=True, slots=True)
class DetectionReader:
    """The alarms of one account and region, and the traffic of the services they watch."""

    source: AlarmSource
    requests: RequestCounter

    def read(self, names: Sequence[str], services: Sequence[Service], now: datetime) -> tuple[AlarmPower, ...]:
        """What each of these alarms sees, in their order. Raises the errors of `cloud_errors`."""
        observed = self.source.read_existing(names)
        return tuple(self._power(name, observed.get(name), services, now) for name in dict.fromkeys(names))

    def _power(
        self, name: str, alarm: AlarmObservation | None, services: Sequence[Service], now: datetime
    ) -> AlarmPower:
        if alarm is None:
            return _unknown(name, "CloudWatch has no alarm of this name.")
        if alarm.definition is None:
            return _unknown(
                name, "It rests on other alarms and sees what they see, or is of a kind that isn't known here."
            )
        # Where missing data breaches, an alarm without any rings all the time.
        needs_data = alarm.definition.missing_data != "breaching"
        for metric in alarm.definition.metrics if needs_data else ():
            lacking = self._without_data(name, metric, now)
            if lacking is not None:
                return lacking
        failures = failures_seen_by(alarm.definition)
        if failures is None:
            return _unknown(name, "It doesn't count failing requests, or not in a form that is known here.")
        behind = [service for service in services if name in service.alarms]
        per_second = self._per_second(failures, behind, now)
        if not per_second:
            return _unknown(name, "No requests to its services were counted in the last hour.")
        share = self._failing_share(alarm.definition, failures, per_second, now)
        return detection_power(name, alarm.definition, failures, Traffic(per_second, share), PRESENT)

    def _without_data(self, alarm: str, metric: Metric, now: datetime) -> AlarmPower | None:
        """Why the metric can't tell anything; None where it has data."""
        query = Query("samples", metric, "SampleCount", period_seconds=60)
        if metric_values(self.source.client, query, now - RECENTLY, now) or self._is_listed(metric, metric.dimensions):
            return None
        if self._is_listed(metric, None):
            return AlarmPower(
                alarm=alarm,
                sight=Sight.WRONG_DIMENSIONS,
                explanation=f"It can't ring: CloudWatch has no data of {metric} for two weeks, and has some under "
                "other dimensions. Check the alarm's dimensions.",
            )
        return AlarmPower(
            alarm=alarm,
            sight=Sight.NO_DATA,
            explanation=f"It can't ring: CloudWatch has no data of {metric} for two weeks. If nothing was to be "
            "counted yet, that is as it should be; otherwise check the metric's name.",
        )

    def _is_listed(self, metric: Metric, dimensions: tuple[tuple[str, str], ...] | None) -> bool:
        """Whether ListMetrics knows the metric: under exactly these dimensions, or under any."""
        asked: ListMetricsInputPaginateTypeDef = {"Namespace": metric.namespace, "MetricName": metric.name}
        if dimensions:
            asked["Dimensions"] = [{"Name": name, "Value": value} for name, value in dimensions]
        with cloud_errors(f"look for the metric {metric} in CloudWatch"):
            for page in self.source.client.get_paginator("list_metrics").paginate(**asked):
                for listed in page["Metrics"]:
                    found = tuple(sorted((pair["Name"], pair["Value"]) for pair in listed.get("Dimensions", [])))
                    if dimensions is None or found == dimensions:
                        return True
        return False

    def _per_second(self, failures: Failures, services: Sequence[Service], now: datetime) -> float | None:
        if failures.requests is None:
            known = [rate for service in services if (rate := self.requests.per_second(service, now)) is not None]
            return sum(known) if known else None
        period_seconds = failures.requests.period_seconds
        end = datetime.fromtimestamp(now.timestamp() // period_seconds * period_seconds, now.tzinfo)
        points = metric_values(self.source.client, failures.requests, end - LATELY, end)
        return sum(point.value for point in points) / (end - points[0].at).total_seconds() if points else None

    def _failing_share(
        self, definition: AlarmDefinition, failures: Failures, per_second: float, now: datetime
    ) -> float:
        """What fails already, of 1: the mean of what the alarm compared in the last hour."""
        points = compared_values(self.source.client, definition, now - LATELY, now)
        if not points:
            return 0.0
        mean = sum(point.value for point in points) / len(points)
        whole = per_second * definition.period_seconds if failures.whole is None else failures.whole
        return min(max(mean / whole, 0.0), 1.0)


def _unknown(alarm: str, why: str) -> AlarmPower:
    return AlarmPower(alarm=alarm, sight=Sight.UNKNOWN, explanation=why)

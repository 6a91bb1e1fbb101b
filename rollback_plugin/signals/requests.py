"""Counts the requests that a service's consumers sent it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rollback_plugin.signals.definition import Metric, Query
from rollback_plugin.signals.metric_data import DataPoint, metric_values
from rollback_plugin.versions.service import LambdaTraffic, Service

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

PERIOD_SECONDS = 60
"""AWS/Lambda metrics come per minute (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics.html)."""
LATELY = timedelta(hours=1)


@dataclass(frozen=True)
class RequestCounter:
    """Requests as CloudWatch counted them."""

    client_for: Callable[[str], CloudWatchClient]
    """A CloudWatch client for a region."""

    def since(self, service: Service, start: datetime, now: datetime) -> int | None:
        """Requests that came through the service's alias from `start` to `now`; None for a service without traffic.

        The sum of AWS/Lambda Invocations over dimensions FunctionName and Resource (`function:alias`), the ones that
        calls through an alias are counted under ("Metrics for Lambda", By Resource). The minute that `start` lies in
        counts as a whole: a finer figure isn't kept. Raises the errors of `cloud_errors`.
        """
        if service.traffic is None or now <= start:
            return None if service.traffic is None else 0
        after_last_minute = now.replace(second=0, microsecond=0) + timedelta(seconds=PERIOD_SECONDS)
        points = self._invocations(service.traffic, start.replace(second=0, microsecond=0), after_last_minute)
        return round(sum(point.value for point in points))

    def per_second(self, service: Service, now: datetime) -> float | None:
        """How many requests came through the service's alias lately; None for a service without traffic.

        The mean over the whole minutes of the last hour, from the first on that had any: a service that is younger than
        an hour isn't measured by a time when nobody knew it. Raises the errors of `cloud_errors`.
        """
        if service.traffic is None:
            return None
        this_minute = now.replace(second=0, microsecond=0)
        points = self._invocations(service.traffic, this_minute - LATELY, this_minute)
        if not points:
            return 0.0
        return sum(point.value for point in points) / (this_minute - points[0].at).total_seconds()

    def by_version(self, service: Service, function_version: str, start: datetime, now: datetime) -> int:
        """Like `since`, of what one published function version answered (dimension ExecutedVersion of the alias's
        metrics); 0 for a service without traffic."""
        if service.traffic is None or now <= start:
            return 0
        after_last_minute = now.replace(second=0, microsecond=0) + timedelta(seconds=PERIOD_SECONDS)
        first_minute = start.replace(second=0, microsecond=0)
        points = self._invocations(service.traffic, first_minute, after_last_minute, function_version)
        return round(sum(point.value for point in points))

    def _invocations(
        self, traffic: LambdaTraffic, start: datetime, end: datetime, version: str | None = None
    ) -> tuple[DataPoint, ...]:
        dimensions = {"FunctionName": traffic.function, "Resource": f"{traffic.function}:{traffic.alias}"}
        if version is not None:
            dimensions["ExecutedVersion"] = version
        invocations = Metric("AWS/Lambda", "Invocations", tuple(sorted(dimensions.items())))
        query = Query("invocations", invocations, "Sum", period_seconds=PERIOD_SECONDS)
        return metric_values(self.client_for(traffic.region), query, start, end)

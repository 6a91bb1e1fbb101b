"""Counts the requests that a service's consumers sent it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rollback_plugin.cloud.failures import cloud_errors
from rollback_plugin.versions.service import LambdaTraffic, Service

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

PERIOD_SECONDS = 60
"""AWS/Lambda metrics come per minute (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics.html)."""


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
        return self._invocations(service.traffic, start, now)

    def _invocations(self, traffic: LambdaTraffic, start: datetime, now: datetime) -> int:
        first_minute = start.replace(second=0, microsecond=0)
        after_last_minute = now.replace(second=0, microsecond=0) + timedelta(seconds=PERIOD_SECONDS)
        total = 0.0
        with cloud_errors(f"count the requests to `{traffic.function}:{traffic.alias}`"):
            pages = (
                self.client_for(traffic.region)
                .get_paginator("get_metric_data")
                .paginate(
                    MetricDataQueries=[
                        {
                            "Id": "invocations",
                            "MetricStat": {
                                "Metric": {
                                    "Namespace": "AWS/Lambda",
                                    "MetricName": "Invocations",
                                    "Dimensions": [
                                        {"Name": "FunctionName", "Value": traffic.function},
                                        {"Name": "Resource", "Value": f"{traffic.function}:{traffic.alias}"},
                                    ],
                                },
                                "Period": PERIOD_SECONDS,
                                "Stat": "Sum",
                            },
                        }
                    ],
                    StartTime=first_minute,
                    EndTime=after_last_minute,
                )
            )
            for page in pages:
                total += sum(value for result in page["MetricDataResults"] for value in result["Values"])
        return round(total)

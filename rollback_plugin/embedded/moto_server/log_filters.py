"""Metric filters of moto's CloudWatch Logs, made to publish metrics.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html: a filter of the same
name is replaced (moto would keep both), and a pattern that can't be imitated is refused.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html: a pattern means
there what it means in a metric filter (moto knows terms only, and answers with everything for other patterns).
"""

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.logs import models as logs_models
from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogsBackend

from rollback_plugin.embedded.cloudwatch.filter_pattern import UnsupportedPattern, parse_filter_pattern
from rollback_plugin.embedded.cloudwatch.metric_filter import (
    MetricFilter,
    MetricTransformation,
    make_metric_filter,
    metric_samples,
)
from rollback_plugin.embedded.moto_server.metrics import MetricStore
from rollback_plugin.embedded.telemetry import LogEvent


class LogFilters:
    """Collects the events of log groups with metric filters until `publish`. Thread-safe."""

    def __init__(self, metrics: MetricStore) -> None:
        self._metrics = metrics
        self._lock = threading.Lock()
        self._incoming: dict[tuple[str, str], list[LogEvent]] = defaultdict(list)
        self._backends: dict[str, LogsBackend] = {}

    def receive(self, backend: LogsBackend, group: str, events: Sequence[Mapping[str, Any]]) -> None:
        received = [
            LogEvent(datetime.fromtimestamp(event["timestamp"] / 1000, UTC), event["message"]) for event in events
        ]
        with self._lock:
            self._backends[backend.region_name] = backend
            self._incoming[backend.region_name, group].extend(received)

    def publish(self, now: datetime) -> None:
        """Publish what the filters make of the events since the last call."""
        with self._lock:
            incoming, self._incoming = self._incoming, defaultdict(list)
            backends = dict(self._backends)
        for (region, group), events in incoming.items():
            for definition in backends[region].describe_metric_filters(log_group_name=group):
                self._metrics.put(region, metric_samples(_metric_filter(definition), events, now))


def install(filters: LogFilters) -> None:
    """Make this process' moto hand log events to `filters`."""
    put_log_events = LogsBackend.put_log_events
    put_metric_filter = LogsBackend.put_metric_filter

    def put_and_receive(
        self: LogsBackend, log_group_name: str, log_stream_name: str, log_events: list[dict[str, Any]]
    ) -> tuple[str, dict[str, Any]]:
        answer = put_log_events(self, log_group_name, log_stream_name, log_events)
        filters.receive(self, log_group_name, log_events)
        return answer

    def check_and_replace(
        self: LogsBackend, filter_name: str, filter_pattern: str, log_group_name: str, metric_transformations: Any
    ) -> None:
        definition = {"filterPattern": filter_pattern, "metricTransformations": metric_transformations}
        try:
            _metric_filter(definition)
        except UnsupportedPattern as unsupported:
            raise InvalidParameterException(msg=f"The embedded AWS can't imitate this: {unsupported}") from unsupported
        if log_group_name not in self.groups:
            raise ResourceNotFoundException
        self.delete_metric_filter(filter_name, log_group_name)
        put_metric_filter(self, filter_name, filter_pattern, log_group_name, metric_transformations)

    logs_models.EventMessageFilter = _EventFilter  # type: ignore[attr-defined, assignment]
    LogsBackend.put_log_events = put_and_receive  # type: ignore[method-assign]
    LogsBackend.put_metric_filter = check_and_replace  # type: ignore[method-assign]


class _EventFilter:
    """What FilterLogEvents asks of each event."""

    def __init__(self, pattern: str | None) -> None:
        try:
            self._matches = parse_filter_pattern(pattern or "")
        except UnsupportedPattern as unsupported:
            raise InvalidParameterException(msg=f"The embedded AWS can't imitate this: {unsupported}") from unsupported

    def matches(self, message: str) -> bool:
        return self._matches(message)


def _metric_filter(definition: Mapping[str, Any]) -> MetricFilter:
    return make_metric_filter(
        definition["filterPattern"] or "",
        [
            MetricTransformation(
                namespace=transformation["metricNamespace"],
                name=transformation["metricName"],
                value=str(transformation["metricValue"]),
                default_value=None if (default := transformation.get("defaultValue")) is None else float(default),
                unit=transformation.get("unit", "None"),
                dimensions=tuple((transformation.get("dimensions") or {}).items()),
            )
            for transformation in definition["metricTransformations"]
        ],
    )

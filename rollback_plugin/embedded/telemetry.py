"""Log lines and Lambda metrics on their way from the runtime to CloudWatch.

Requests only append here; `flush()` delivers, so that no consumer waits for CloudWatch.

Lambda's metrics and their dimensions: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html and
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-view.html. Each invocation is one sample of
Invocations (1), of Errors (0 or 1, so that the average of Errors is the error rate) and of Duration (milliseconds),
with the time at which the function was invoked. Lambda sends them every minute; here they go out with each flush, one
data point per second.
"""

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class MetricSamples:
    """All values one metric got within one second."""

    namespace: str
    name: str
    dimensions: Dimensions
    unit: str
    timestamp: datetime
    values: tuple[float, ...]


@dataclass(frozen=True)
class LogEvent:
    """`timestamp` is aware UTC."""

    timestamp: datetime
    message: str


@dataclass(frozen=True)
class InvocationRecord:
    """What the metrics of one invocation are made of."""

    function_name: str
    resource: str
    through_alias: bool
    executed_version: str
    invoked_at: datetime
    duration_milliseconds: float
    failed: bool


class CloudWatchSink(Protocol):
    """Where flushed telemetry goes."""

    def put_samples(self, samples: Sequence[MetricSamples]) -> None: ...

    def put_log_events(self, group: str, stream: str, events: Sequence[LogEvent]) -> None:
        """Creates group and stream when they do not exist, as Lambda does."""
        ...


class Telemetry:
    """Collects; thread-safe."""

    def __init__(self, sink: CloudWatchSink) -> None:
        self._sink = sink
        self._lock = threading.Lock()
        self._invocations: list[InvocationRecord] = []
        self._logs: dict[tuple[str, str], list[LogEvent]] = defaultdict(list)

    def record_invocation(self, record: InvocationRecord) -> None:
        with self._lock:
            self._invocations.append(record)

    def record_log(self, group: str, stream: str, event: LogEvent) -> None:
        with self._lock:
            self._logs[group, stream].append(event)

    def flush(self) -> None:
        """Deliver everything recorded before the call."""
        with self._lock:
            invocations, self._invocations = self._invocations, []
            logs, self._logs = self._logs, defaultdict(list)
        for (group, stream), events in logs.items():
            self._sink.put_log_events(group, stream, sorted(events, key=lambda event: event.timestamp))
        if invocations:
            self._sink.put_samples(lambda_metrics(invocations))


def lambda_metrics(invocations: Sequence[InvocationRecord]) -> list[MetricSamples]:
    """The samples of namespace AWS/Lambda for these invocations, under each set of dimensions Lambda publishes."""
    values: dict[tuple[str, str, Dimensions, datetime], list[float]] = defaultdict(list)
    for record in invocations:
        second = record.invoked_at.replace(microsecond=0)
        for dimensions in _dimension_sets(record):
            values["Invocations", "Count", dimensions, second].append(1.0)
            values["Errors", "Count", dimensions, second].append(1.0 if record.failed else 0.0)
            values["Duration", "Milliseconds", dimensions, second].append(record.duration_milliseconds)
    return [
        MetricSamples("AWS/Lambda", name, dimensions, unit, second, tuple(samples))
        for (name, unit, dimensions, second), samples in values.items()
    ]


def _dimension_sets(record: InvocationRecord) -> list[Dimensions]:
    function = ("FunctionName", record.function_name)
    resource = ("Resource", record.resource)
    sets: list[Dimensions] = [(), (function,), (function, resource)]
    if record.through_alias:
        sets.append((function, resource, ("ExecutedVersion", record.executed_version)))
    return sets

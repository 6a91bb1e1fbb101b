"""Gathers what a judgement rested on, from CloudWatch and its logs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from rollback_plugin.cloud.failures import cloud_errors
from rollback_plugin.errors import CloudError
from rollback_plugin.signals.alarms import AlarmSource
from rollback_plugin.signals.definition import AlarmDefinition, Metric
from rollback_plugin.signals.evidence import (
    AlarmEvidence,
    AlarmHistoryItem,
    LogExcerpt,
    LogLine,
    RequestsOfVersion,
    Value,
    without_secrets,
)
from rollback_plugin.signals.metric_data import compared_values
from rollback_plugin.signals.requests import RequestCounter
from rollback_plugin.signals.signal import AlarmObservation
from rollback_plugin.versions.service import Service

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

Read = TypeVar("Read")
BEFORE = timedelta(hours=1)
MOST_LINES = 50
"""Log lines kept of one alarm."""
MOST_HISTORY = 100
"""Items of one alarm's history that are kept, the newest: as many as one call of DescribeAlarmHistory gives."""


@dataclass(frozen=True)
class EvidenceReader:
    """Reads around one deploy; what can't be read is said, and keeps nothing else from being kept."""

    source: AlarmSource
    logs: Callable[[], CloudWatchLogsClient]
    requests: RequestCounter
    began: datetime
    """When the update began that made the version judged."""
    now: datetime
    secrets: Collection[str] | None
    """Values that are taken out of log lines; None: they aren't known, and so no line is kept."""

    def alarms(self, names: Sequence[str], lacking: list[str]) -> tuple[AlarmEvidence, ...]:
        """What there is about each of these alarms, and about those behind composite ones."""
        nothing: dict[str, AlarmObservation] = {}
        observed = _tried(lambda: self.source.read_existing(names), nothing, lacking)
        behind = [child for alarm in observed.values() for child in alarm.because if child not in observed]
        observed = {**observed, **_tried(lambda: self.source.read_existing(behind), nothing, lacking)}
        return tuple(self._alarm(alarm, lacking) for alarm in observed.values())

    def requests_by_version(
        self, services: Mapping[int, Sequence[Service]], lacking: list[str]
    ) -> tuple[RequestsOfVersion, ...]:
        """Requests since the deploy, by the stack's versions, as far as the services of these versions route them."""
        found: list[RequestsOfVersion] = []
        for number, of_version in services.items():
            for service in of_version:
                found += _tried(partial(self._answered, service, number), [], lacking)
        return tuple(found)

    def _answered(self, service: Service, number: int) -> list[RequestsOfVersion]:
        if service.traffic is None:
            return []
        function_version = service.traffic.version
        counted = self.requests.by_version(service, function_version, self.began, self.now)
        return [
            RequestsOfVersion(service=service.name, version=number, function_version=function_version, requests=counted)
        ]

    def _alarm(self, alarm: AlarmObservation, lacking: list[str]) -> AlarmEvidence:
        definition = alarm.definition
        return AlarmEvidence(
            alarm=alarm.name,
            state=alarm.state,
            since=alarm.since,
            explanation=alarm.explanation,
            compared_with="" if definition is None else _in_words(definition),
            because=alarm.because,
            history=_tried(lambda: self._history(alarm.name), (), lacking),
            values=() if definition is None else _tried(lambda: self._values(definition), (), lacking),
            log=() if definition is None else self._log(definition, lacking),
        )

    def _history(self, alarm: str) -> tuple[AlarmHistoryItem, ...]:
        with cloud_errors(f"read the history of the alarm `{alarm}`"):
            items = self.source.client.describe_alarm_history(
                AlarmName=alarm,
                AlarmTypes=["MetricAlarm", "CompositeAlarm"],
                StartDate=self.began - BEFORE,
                EndDate=self.now,
                MaxRecords=MOST_HISTORY,
                ScanBy="TimestampDescending",
            )["AlarmHistoryItems"]
        return tuple(
            AlarmHistoryItem(
                at=item["Timestamp"].astimezone(UTC), kind=item["HistoryItemType"], summary=item["HistorySummary"]
            )
            for item in reversed(items)
        )

    def _values(self, definition: AlarmDefinition) -> tuple[Value, ...]:
        points = compared_values(self.source.client, definition, self.began - BEFORE, self.now)
        return tuple(Value(at=point.at, value=point.value) for point in points)

    def _log(self, definition: AlarmDefinition, lacking: list[str]) -> tuple[LogExcerpt, ...]:
        # AWS's own metrics come from no metric filter.
        metrics = [metric for metric in definition.metrics if not metric.namespace.startswith("AWS/")]
        if not metrics or self.secrets is None:
            return ()
        excerpts: list[LogExcerpt] = []
        for metric in metrics:
            left = MOST_LINES - sum(len(excerpt.lines) for excerpt in excerpts)
            excerpts += _tried(partial(self._excerpts, metric, left), [], lacking)
        return tuple(excerpts)

    def _excerpts(self, metric: Metric, most: int) -> list[LogExcerpt]:
        excerpts: list[LogExcerpt] = []
        with cloud_errors(f"read the log lines behind {metric}"):
            filters = self.logs().describe_metric_filters(metricName=metric.name, metricNamespace=metric.namespace)
            for found in filters["metricFilters"]:
                left = most - sum(len(excerpt.lines) for excerpt in excerpts)
                if left > 0:
                    group, pattern = found["logGroupName"], found.get("filterPattern", "")
                    excerpts.append(LogExcerpt(group=group, pattern=pattern, lines=self._lines(group, pattern, left)))
        return excerpts

    def _lines(self, group: str, pattern: str, most: int) -> tuple[LogLine, ...]:
        """The first lines that match, since the deploy began. A page may be empty and not the last
        (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html)."""
        lines: list[LogLine] = []
        pages = (
            self.logs()
            .get_paginator("filter_log_events")
            .paginate(
                logGroupName=group,
                filterPattern=pattern,
                startTime=int(self.began.timestamp() * 1000),
                endTime=int(self.now.timestamp() * 1000),
                PaginationConfig={"MaxItems": most},
            )
        )
        for page in pages:
            lines += [
                LogLine(
                    at=datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
                    stream=event["logStreamName"],
                    message=without_secrets(event["message"].rstrip("\n"), self.secrets or ()),
                )
                for event in page["events"]
            ]
        return tuple(lines)


def _tried(read: Callable[[], Read], otherwise: Read, lacking: list[str]) -> Read:
    """What was read, or what counts instead where AWS didn't say."""
    try:
        return read()
    except CloudError as error:
        lacking.append(str(error))
        return otherwise


def _in_words(definition: AlarmDefinition) -> str:
    threshold = "an anomaly detection band" if definition.threshold is None else f"{definition.threshold:g}"
    return (
        f"{definition.comparison.value} {threshold}: {definition.datapoints_to_alarm} of "
        f"{definition.evaluation_periods} periods of {definition.period_seconds} s"
    )

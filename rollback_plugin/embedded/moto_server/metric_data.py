"""GetMetricData with every statistic, metric math, and a metric's own data only.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html. moto has sums and averages,
mixes metrics that differ in nothing but the namespace, and leaves expressions empty. Periods begin at multiples of
their length here, and the range asked for is widened to whole periods.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import CloudWatchBackend

from rollback_plugin.embedded.cloudwatch.metric_math import Series, UnsupportedExpression, evaluate_expression
from rollback_plugin.embedded.cloudwatch.statistics import UnsupportedStatistic, datapoints
from rollback_plugin.embedded.moto_server.metrics import MetricStore


def install(metrics: MetricStore) -> None:
    """Make this process' moto answer GetMetricData from `metrics`."""

    def get_metric_data(
        self: CloudWatchBackend,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampAscending",
    ) -> list[dict[str, Any]]:
        start, end = start_time.replace(tzinfo=UTC), end_time.replace(tzinfo=UTC)
        if start >= end:
            raise ValidationError("The parameter EndTime must be greater than StartTime.")
        try:
            return _answer(metrics, self, queries, start, end, newest_first=scan_by == "TimestampDescending")
        except (UnsupportedExpression, UnsupportedStatistic) as unsupported:
            raise ValidationError(f"The embedded AWS can't imitate this: {unsupported}") from unsupported

    CloudWatchBackend.get_metric_data = get_metric_data  # type: ignore[method-assign]


def _answer(
    metrics: MetricStore,
    backend: CloudWatchBackend,
    queries: Sequence[Mapping[str, Any]],
    start: datetime,
    end: datetime,
    newest_first: bool,
) -> list[dict[str, Any]]:
    timestamps: dict[str, tuple[datetime, ...]] = {}
    series: dict[str, Series] = {}
    for query in queries:
        if "MetricStat" in query:
            stat = query["MetricStat"]
            metric = stat["Metric"]
            dimensions = tuple(sorted((each["Name"], each["Value"]) for each in metric.get("Dimensions", [])))
            samples = metrics.samples(backend, metric["Namespace"], metric["MetricName"], dimensions, stat.get("Unit"))
            period_seconds = int(stat["Period"])
            first = int(start.timestamp() // period_seconds)
            count = -int(-end.timestamp() // period_seconds) - first
            whole_end = datetime.fromtimestamp((first + count) * period_seconds, UTC)
            points = datapoints(samples, stat["Stat"], whole_end, period_seconds, count)
            timestamps[query["Id"]] = tuple(point.timestamp for point in points)
            series[query["Id"]] = tuple(point.value for point in points)
    expressions = _expressions(queries, series, timestamps)
    grid = next(iter(timestamps.values()), ())
    return [
        _result(
            query,
            timestamps.get(query["Id"], grid),
            series.get(query["Id"]) or expressions.get(query["Id"], ()),
            newest_first,
        )
        for query in queries
        if query.get("ReturnData", True)
    ]


def _expressions(
    queries: Sequence[Mapping[str, Any]], series: Mapping[str, Series], timestamps: Mapping[str, tuple[datetime, ...]]
) -> dict[str, Series]:
    """Each expression's values, in the order of the queries: an expression may refer to those before it."""
    expressions: dict[str, Series] = {}
    for query in queries:
        if "Expression" in query:
            if len(set(timestamps.values())) > 1:
                raise UnsupportedExpression("metric math over metrics with different periods")
            expressions[query["Id"]] = evaluate_expression(query["Expression"], series, expressions)
    return expressions


def _result(
    query: Mapping[str, Any], timestamps: Sequence[datetime], series: Series, newest_first: bool
) -> dict[str, Any]:
    present = [
        (timestamp.replace(tzinfo=None), value)
        for timestamp, value in zip(timestamps, series, strict=True)
        if value is not None
    ]
    if newest_first:
        present.reverse()
    metric_name = query.get("MetricStat", {}).get("Metric", {}).get("MetricName")
    return {
        "id": query["Id"],
        "label": query.get("Label") or metric_name or query["Id"],
        "values": [value for _, value in present],
        "timestamps": [timestamp for timestamp, _ in present],
        "status_code": "Complete",
    }

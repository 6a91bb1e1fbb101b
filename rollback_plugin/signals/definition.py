"""What a metric alarm compares with what, as `DescribeAlarms` tells it.

Names and meanings are those of the type MetricAlarm
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef, MetricDataQueryOutputTypeDef

ONLY_METRIC = "value"
"""The id of the query of an alarm on one metric."""


class Comparison(StrEnum):
    """How a value breaches. The last three compare with an anomaly detection band."""

    GREATER = "GreaterThanThreshold"
    GREATER_OR_EQUAL = "GreaterThanOrEqualToThreshold"
    LESS = "LessThanThreshold"
    LESS_OR_EQUAL = "LessThanOrEqualToThreshold"
    OUTSIDE_BAND = "LessThanLowerOrGreaterThanUpperThreshold"
    BELOW_BAND = "LessThanLowerThreshold"
    ABOVE_BAND = "GreaterThanUpperThreshold"

    @property
    def higher_is_worse(self) -> bool:
        """Whether a value breaches by being high."""
        return self in (Comparison.GREATER, Comparison.GREATER_OR_EQUAL, Comparison.ABOVE_BAND)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: CloudWatch takes each set of dimensions for a metric of its own."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()
    """Sorted by name."""

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in self.dimensions)
        return f"{self.namespace} {self.name} [{shown or 'no dimensions'}]"


@dataclass(frozen=True, slots=True)
class Query:
    """One of the metrics and expressions that an alarm is made of."""

    id: str
    metric: Metric | None = None
    """None for an expression."""
    statistic: str = ""
    unit: str | None = None
    period_seconds: int = 60
    expression: str = ""
    returned: bool = True
    """Whether its values are what is compared."""


@dataclass(frozen=True, slots=True)
class AlarmDefinition:
    """What of a metric alarm's configuration decides its state. It rings when `datapoints_to_alarm` of the last
    `evaluation_periods` values breach."""

    comparison: Comparison
    threshold: float | None
    """None where it is compared with an anomaly detection band."""
    period_seconds: int
    evaluation_periods: int
    datapoints_to_alarm: int
    missing_data: str
    """TreatMissingData: missing, ignore, breaching or notBreaching."""
    queries: tuple[Query, ...]

    @property
    def compared(self) -> Query | None:
        """The query whose values are compared; None where it can't be told (an anomaly detection band beside it)."""
        returned = [query for query in self.queries if query.returned]
        return returned[0] if len(returned) == 1 else None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Every metric it is made of, once."""
        return tuple(dict.fromkeys(query.metric for query in self.queries if query.metric is not None))


def definition_of(alarm: MetricAlarmTypeDef) -> AlarmDefinition | None:
    """The definition; None where CloudWatch's answer doesn't hold one as described there (an alarm of a kind that came
    later: it is watched all the same, only nothing is worked out about it)."""
    queries = _queries(alarm)
    comparison = alarm.get("ComparisonOperator")
    periods = alarm.get("EvaluationPeriods")
    known = {known.value for known in Comparison}
    if not queries or periods is None or comparison not in known:
        return None
    return AlarmDefinition(
        comparison=Comparison(comparison),
        threshold=None if alarm.get("ThresholdMetricId") else alarm.get("Threshold"),
        period_seconds=max(query.period_seconds for query in queries),
        evaluation_periods=periods,
        # Left out, it is all of them (API_PutMetricAlarm, DatapointsToAlarm).
        datapoints_to_alarm=alarm.get("DatapointsToAlarm") or periods,
        missing_data=alarm.get("TreatMissingData") or "missing",
        queries=queries,
    )


def _queries(alarm: MetricAlarmTypeDef) -> tuple[Query, ...]:
    if alarm.get("Metrics"):
        longest = max(
            (query["MetricStat"]["Period"] for query in alarm["Metrics"] if "MetricStat" in query), default=60
        )
        return tuple(_query(query, longest) for query in alarm["Metrics"])
    if "MetricName" not in alarm:
        return ()
    metric = Metric(
        alarm.get("Namespace", ""),
        alarm["MetricName"],
        tuple(sorted((pair["Name"], pair["Value"]) for pair in alarm.get("Dimensions", []))),
    )
    statistic = alarm.get("Statistic") or alarm.get("ExtendedStatistic") or ""
    return (Query(ONLY_METRIC, metric, statistic, alarm.get("Unit"), alarm.get("Period", 60)),)


def _query(query: MetricDataQueryOutputTypeDef, longest_period_seconds: int) -> Query:
    returned = query.get("ReturnData", True)
    if "MetricStat" not in query:
        period_seconds = query.get("Period", longest_period_seconds)
        return Query(
            query["Id"], period_seconds=period_seconds, expression=query.get("Expression", ""), returned=returned
        )
    stat = query["MetricStat"]
    metric = Metric(
        stat["Metric"].get("Namespace", ""),
        stat["Metric"].get("MetricName", ""),
        tuple(sorted((pair["Name"], pair["Value"]) for pair in stat["Metric"].get("Dimensions", []))),
    )
    return Query(query["Id"], metric, stat["Stat"], stat.get("Unit"), stat["Period"], returned=returned)

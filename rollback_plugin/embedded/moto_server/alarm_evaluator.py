"""Evaluates the alarms moto keeps, on the metric data moto keeps."""

import re
import sys
import traceback
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from moto.cloudwatch.models import Alarm, CloudWatchBackend, Dimension, MetricDataQuery

from rollback_plugin.embedded.cloudwatch.alarm_evaluation import (
    COMPARISON_OPERATORS,
    AlarmDefinition,
    AlarmState,
    Datapoint,
    Evaluation,
    MissingData,
    evaluate,
)
from rollback_plugin.embedded.cloudwatch.metric_math import Series, UnsupportedExpression, evaluate_expression
from rollback_plugin.embedded.cloudwatch.statistics import Sample, UnsupportedStatistic, datapoints
from rollback_plugin.embedded.moto_server.alarm_states import returns_data
from rollback_plugin.embedded.moto_server.composite_alarms import evaluate_composites
from rollback_plugin.embedded.moto_server.metrics import MetricStore


class UnsupportedAlarm(ValueError):
    """An alarm of a kind that is not imitated."""


class AlarmEvaluator:
    """Sets the state of every alarm, in every region that has one: metric alarms first, then what rests on them."""

    def __init__(self, metrics: MetricStore, interval_seconds: float, clock: Callable[[], datetime]) -> None:
        """Windows end at the last multiple of the interval, so that each period evaluated is over."""
        self._metrics = metrics
        self._interval_seconds = interval_seconds
        self._clock = clock

    def evaluate_all(self) -> None:
        now = self._clock()
        end = datetime.fromtimestamp(now.timestamp() // self._interval_seconds * self._interval_seconds, UTC)
        for backend in self._metrics.backends():
            for alarm in list(backend.alarms.values()):
                if alarm.rule is None:
                    try:
                        self._evaluate(backend, alarm, end, now)
                    except Exception:  # noqa: BLE001 - one alarm must not keep the others from being evaluated
                        traceback.print_exc(file=sys.stderr)
            evaluate_composites(backend)

    def _evaluate(self, backend: CloudWatchBackend, alarm: Alarm, end: datetime, now: datetime) -> None:
        try:
            definition = alarm_definition(alarm)
            points = self._datapoints(backend, alarm, definition, end)
            evaluation = evaluate(definition, points, AlarmState(alarm.state_value), now)
        except (UnsupportedAlarm, UnsupportedExpression, UnsupportedStatistic) as unsupported:
            reason = f"Not evaluated: the embedded AWS does not imitate this alarm: {unsupported}"
            evaluation = Evaluation(AlarmState.INSUFFICIENT_DATA, reason, "{}")
            if alarm.state_reason != reason:
                alarm.update_state(reason, evaluation.reason_data, evaluation.state)
        if evaluation.state != alarm.state_value:
            alarm.update_state(evaluation.reason, evaluation.reason_data, evaluation.state)

    def _datapoints(
        self, backend: CloudWatchBackend, alarm: Alarm, definition: AlarmDefinition, end: datetime
    ) -> tuple[Datapoint, ...]:
        def metric_datapoints(
            namespace: str, name: str, dimensions: Iterable[Dimension], statistic: str, unit: str | None
        ) -> tuple[Datapoint, ...]:
            pairs = tuple(sorted((str(dimension.name), str(dimension.value)) for dimension in dimensions))
            samples: list[Sample] = self._metrics.samples(backend, namespace, name, pairs, unit)
            return datapoints(samples, statistic, end, definition.period_seconds, definition.evaluation_range)

        if not alarm.metric_data_queries:
            return metric_datapoints(
                alarm.namespace, alarm.metric_name, alarm.dimensions, _statistic(alarm), alarm.unit
            )
        metrics: dict[str, Series] = {}
        for query in alarm.metric_data_queries:
            if query.metric_stat is not None:
                metric, stat = query.metric_stat.metric, query.metric_stat
                points = metric_datapoints(
                    metric.namespace, metric.metric_name, metric.dimensions, stat.stat, stat.unit
                )
                metrics[query.id] = tuple(point.value for point in points)
        values = _returned_series(alarm.metric_data_queries, metrics)
        period = timedelta(seconds=definition.period_seconds)
        start = end - period * definition.evaluation_range
        return tuple(Datapoint(start + index * period, value) for index, value in enumerate(values))


def alarm_definition(alarm: Alarm) -> AlarmDefinition:
    """What moto keeps of an alarm, as the evaluation needs it. Raises UnsupportedAlarm."""
    if alarm.comparison_operator not in COMPARISON_OPERATORS or alarm.threshold_metric_id:
        raise UnsupportedAlarm(f"comparison operator {alarm.comparison_operator} (anomaly detection)")
    if alarm.evaluate_low_sample_count_percentile == "ignore":
        raise UnsupportedAlarm("EvaluateLowSampleCountPercentile ignore")
    queries = alarm.metric_data_queries
    periods = {int(query.metric_stat.period) for query in queries if query.metric_stat is not None}
    if queries and len(periods) != 1:
        raise UnsupportedAlarm("metrics with different periods, or none, in one alarm")
    evaluation_periods = int(alarm.evaluation_periods)
    return AlarmDefinition(
        comparison_operator=alarm.comparison_operator,
        threshold=float(alarm.threshold),
        period_seconds=periods.pop() if periods else int(alarm.period),
        evaluation_periods=evaluation_periods,
        datapoints_to_alarm=int(alarm.datapoints_to_alarm or evaluation_periods),
        missing_data=MissingData(alarm.treat_missing_data or "missing"),
        statistic=None if queries else _statistic(alarm),
    )


def _statistic(alarm: Alarm) -> str:
    return alarm.statistic or alarm.extended_statistic or ""


def _returned_series(queries: list[MetricDataQuery], metrics: dict[str, Series]) -> Series:
    """The series of the one query whose data the alarm is about."""
    returned = [query for query in queries if returns_data(query)]
    if len(returned) != 1:
        raise UnsupportedAlarm(f"{len(returned)} metrics with ReturnData true")
    expressions: dict[str, Series] = {}
    waiting = [query for query in queries if query.metric_stat is None]
    while waiting:
        ready = [query for query in waiting if not _refers_to(query, waiting)]
        if not ready:
            raise UnsupportedAlarm("expressions that refer to each other in a circle")
        for query in ready:
            expressions[query.id] = evaluate_expression(str(query.expression), metrics, expressions)
            waiting.remove(query)
    return {**metrics, **expressions}[returned[0].id]


def _refers_to(query: MetricDataQuery, others: list[MetricDataQuery]) -> bool:
    words = set(re.findall(r"\w+", str(query.expression)))
    return any(other.id in words for other in others)
